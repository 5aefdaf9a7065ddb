package compat

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/locutory/locutory/platform/store/storetest"
)

// TestCronsOnTheWire is rest.md §6 and §17.8.
func TestCronsOnTheWire(t *testing.T) {
	t.Parallel()
	s := serve(t, privateChat(), storetest.SQLite(t).URI)
	made := s.must(200, alice, "POST", "/runs/crons", `{"assistant_id": "agent", "schedule": "0 8 * * *", "timezone": "Europe/Berlin", "input": {"messages": []}}`).cron(t)
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	if made.Next == nil || made.Next.In(berlin).Hour() != 8 || time.Until(*made.Next) > 25*time.Hour {
		t.Errorf("next at %v", made.Next)
	}
	if diff := cmp.Diff(map[string]any{"assistant_id": "agent", "input": map[string]any{"messages": []any{}}}, made.Payload); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
	path := "/runs/crons/" + made.ID
	patch := func(body string) cronRow { t.Helper(); return s.must(200, alice, "PATCH", path, body).cron(t) }
	if off := patch(`{"enabled": false}`); off.Enabled || off.Next != nil {
		t.Errorf("disabled: %+v", off)
	}
	if on := patch(`{"enabled": true, "timezone": "Asia/Tokyo"}`); !on.Enabled || on.Next == nil || on.Next.UTC().Hour() != 23 {
		t.Errorf("enabled in Tokyo: %+v", on)
	}
	if over := patch(`{"end_time": "2020-01-01T00:00:00Z"}`); !over.Enabled || over.Next != nil || over.End == nil {
		t.Errorf("after its end: %+v", over)
	}
	if open := patch(`{"schedule": null}`); open.Next != nil || open.End == nil {
		t.Errorf("absent keeps the end: %+v", open)
	}
	if open := patch(`{"end_time": null}`); open.Next == nil || open.End != nil {
		t.Errorf("null clears the end: %+v", open)
	}
	if got := patch(`{"schedule": "30 9 * * *", "on_run_completed": "keep", "stream_subgraphs": true, "interrupt_before": "*"}`); got.Next.UTC().Minute() != 30 || *got.Completed != "keep" ||
		got.Payload["interrupt_before"] != "*" || got.Payload["stream_subgraphs"] != true {
		t.Errorf("changed: %+v", got)
	}
	if got := patch(`{"stream_subgraphs": false}`); got.Payload["stream_subgraphs"] != nil || got.Payload["interrupt_before"] != "*" {
		t.Errorf("payload: %v", got.Payload)
	}
	if a := s.must(200, alice, "POST", "/runs/crons/search", `{"select": ["cron_id", "enabled", "now"], "assistant_id": "agent", "enabled": true}`); string(a.Body) != `[{"cron_id":"`+made.ID+`","enabled":true}]` {
		t.Errorf("select: %s", a.Body)
	}
	for range 2 {
		s.must(200, alice, "POST", "/runs/crons", `{"assistant_id": "agent", `+seldom+`}`)
	}
	page := s.must(200, alice, "POST", "/runs/crons/search", `{"limit": 2, "sort_by": "next_run_date", "sort_order": "asc"}`)
	var rows []cronRow
	page.into(t, &rows)
	if len(rows) != 2 || rows[0].ID != made.ID || page.Header.Get("X-Pagination-Next") != "2" || page.Header.Get("X-Pagination-Total") != "3" {
		t.Errorf("page %+v, %v", rows, page.Header)
	}
	if a := s.must(200, alice, "POST", "/runs/crons/count", `{"assistant_id": "agent"}`); string(a.Body) != "3" {
		t.Errorf("count %s", a.Body)
	}
	var info struct{ Flags map[string]bool }
	s.must(200, "", "GET", "/info", "").into(t, &info)
	if !info.Flags["crons"] {
		t.Error("info does not tell of crons")
	}
}

func TestCronsRefused(t *testing.T) {
	t.Parallel()
	s := serve(t, privateChat(), storetest.SQLite(t).URI)
	made := s.must(200, alice, "POST", "/runs/crons", `{"assistant_id": "agent", `+seldom+`}`).cron(t)
	path, nowhere := "/runs/crons/"+made.ID, "/threads/"+uuid.NewString()+"/runs/crons"
	for _, test := range []struct {
		method, path, body string
		status             int
		detail             string
	}{
		{"POST", "/runs/crons", `{"assistant_id": "agent"}`, http.StatusUnprocessableEntity, "schedule is required"},
		{"POST", "/runs/crons", `{` + seldom + `}`, http.StatusUnprocessableEntity, "assistant_id is required"},
		{"POST", "/runs/crons", `{"assistant_id": "agent", "schedule": "@daily"}`, http.StatusUnprocessableEntity, "five fields"},
		{"POST", "/runs/crons", `{"assistant_id": "agent", "schedule": "0 0 30 2 *"}`, http.StatusUnprocessableEntity, "never comes"},
		{"POST", "/runs/crons", `{"assistant_id": "agent", ` + seldom + `, "timezone": "Mars"}`, http.StatusUnprocessableEntity, "no IANA time zone"},
		{"POST", "/runs/crons", `{"assistant_id": "agent", ` + seldom + `, "config": {"configurable": {"a": 1}}, "context": {"b": 1}}`, http.StatusBadRequest, "Cannot specify both"},
		{"POST", "/runs/crons", `{"assistant_id": "nobody", ` + seldom + `}`, http.StatusNotFound, `No assistant found for "nobody"`},
		{"POST", "/runs/crons", `{"assistant_id": "` + uuid.NewString() + `", ` + seldom + `}`, http.StatusNotFound, "No assistant found for"},
		{"POST", nowhere, `{"assistant_id": "agent", ` + seldom + `}`, http.StatusNotFound, "Thread with ID"},
		{"POST", "/threads/x/runs/crons", `{"assistant_id": "agent", ` + seldom + `}`, http.StatusUnprocessableEntity, "not a UUID"},
		{"GET", "/runs/crons/x", ``, http.StatusUnprocessableEntity, "not a UUID"},
		{"GET", "/runs/crons/" + uuid.NewString(), ``, http.StatusNotFound, "Cron not found"},
		{"PATCH", path, `{"schedule": "* * *"}`, http.StatusUnprocessableEntity, "five fields"},
		{"PATCH", path, `{"timezone": "Mars"}`, http.StatusUnprocessableEntity, "no IANA time zone"},
		{"PATCH", path, `{"interrupt_after": [""]}`, http.StatusUnprocessableEntity, "interrupt_after"},
		{"PATCH", path, `{"stream_mode": [""]}`, http.StatusUnprocessableEntity, "stream_mode"},
		{"PATCH", path, `{"webhook": ""}`, http.StatusUnprocessableEntity, "webhook"},
		{"PATCH", path, `{"webhook": "/hook"}`, http.StatusUnprocessableEntity, "webhook"},
		{"PATCH", path, `{"multitask_strategy": "panic"}`, http.StatusUnprocessableEntity, "multitask_strategy"},
		{"PATCH", path, `{"end_time": "soon"}`, http.StatusUnprocessableEntity, "end_time"},
		{"POST", "/runs/crons", `{"assistant_id": "agent", ` + seldom + `, "webhook": ""}`, http.StatusUnprocessableEntity, "webhook"},
		{"POST", "/runs/crons", `{"assistant_id": "agent", ` + seldom + `, "interrupt_before": [""]}`, http.StatusUnprocessableEntity, "interrupt_before"},
		{"POST", "/runs/crons", `{"assistant_id": "agent", ` + seldom + `, "stream_mode": ["values", ""]}`, http.StatusUnprocessableEntity, "stream_mode"},
		{"POST", "/runs/crons", `{"assistant_id": "agent", ` + seldom + `, "on_run_completed": "stay"}`, http.StatusUnprocessableEntity, "on_run_completed"},
		{"POST", "/runs/crons", `{"assistant_id": "agent", ` + seldom + `, "durability": "never"}`, http.StatusUnprocessableEntity, "durability"},
		{"POST", "/runs/crons", `{"assistant_id": "agent", ` + seldom + `, "end_time": "soon"}`, http.StatusUnprocessableEntity, "end_time"},
		{"POST", "/runs/crons", `{"assistant_id": "agent", ` + seldom + `, "context": {"a": 1}, "config": {"configurable": {"b": 1}}}`, http.StatusBadRequest, "Cannot specify both"},
		{"POST", "/runs/crons", `{"assistant_id": "` + uuid.NewString() + `", ` + seldom + `}`, http.StatusNotFound, "No assistant found for"},
		{"POST", nowhere, `{"assistant_id": "agent", ` + seldom + `}`, http.StatusNotFound, "not found"},
		{"POST", "/runs/crons/search", `{"select": ["principal"]}`, http.StatusUnprocessableEntity, "select"},
		{"POST", "/runs/crons/search", `{"limit": 0}`, http.StatusUnprocessableEntity, "limit"},
		{"POST", "/runs/crons/search", `{"sort_by": "payload"}`, http.StatusUnprocessableEntity, "sort_by"},
	} {
		if a := s.as(alice, test.method, test.path, test.body); a.Status != test.status || !strings.Contains(a.field(t, "detail"), test.detail) {
			t.Errorf("%s %s %s: status %d, want %d %q: %s", test.method, test.path, test.body, a.Status, test.status, test.detail, a.Body)
		}
	}
	if got := s.must(200, alice, "GET", path, "").cron(t); !cmp.Equal(made, got) {
		t.Errorf("a refused change has changed it: %s", cmp.Diff(made, got))
	}
}

// TestCronsWithOfficialClients plans by every official client, and fires what the client has left.
func TestCronsWithOfficialClients(t *testing.T) {
	t.Parallel()
	for _, c := range clients() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, privateChat(), storetest.SQLite(t).URI)
			var id, thread string
			for line := range strings.Lines(c.run(t, s.URL, "crons")) {
				if words := strings.Fields(line); len(words) == 3 && words[0] == "cron" {
					id, thread = words[1], words[2]
				}
			}
			made := s.must(200, alice, "GET", "/runs/crons/"+id, "").cron(t)
			s.fire(*made.Next)
			runs := s.ran(alice, thread)
			if len(runs) != 1 || runs[0]["status"] != "success" || kept(runs[0]["metadata"], "cron_id")["cron_id"] != id {
				t.Errorf("runs %v", runs)
			}
		})
	}
}

// TestCronsRunWhatTheySay covers rest.md §6: each firing is the run that the cron's fields ask for, as they are by then, and its webhook is told.
func TestCronsRunWhatTheySay(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		url, got := receiver(t)
		s := serve(t, hooked(privateChat(press("press"))), uri, signed)
		thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		at := "/threads/" + thread
		made := s.must(200, alice, "POST", at+"/runs/crons", `{"assistant_id": "press", `+seldom+`, "input": {"lines": ["first"]}, "metadata": {"m": 1},
			"config": {"tags": ["t"], "recursion_limit": 9}, "context": {"tone": "dry"}, "webhook": "`+url+`/hook?token=url-secret", "interrupt_before": ["write"],
			"interrupt_after": [], "stream_mode": ["updates", "values"], "stream_subgraphs": true, "stream_resumable": true, "durability": "exit",
			"multitask_strategy": "reject", "checkpoint_during": true, "end_time": "2100-01-01T00:00:00", "timezone": "Europe/Berlin", "enabled": true}`)
		cron := made.cron(t)
		if strings.Contains(string(made.Body), "url-secret") || cron.End == nil || cron.Timezone == nil || *cron.Timezone != "Europe/Berlin" {
			t.Errorf("the cron is %s", made.Body)
		}
		s.fire(*cron.Next)
		told := next(t, got)
		var run struct {
			Metadata map[string]any `json:"metadata"`
			Strategy string         `json:"multitask_strategy"`
			Kwargs   map[string]any `json:"kwargs"`
		}
		row := s.must(200, alice, "GET", at+"/runs/"+told.event.RunID, "")
		row.into(t, &run)
		if diff := cmp.Diff(map[string]any{"m": 1.0, "cron_id": cron.ID}, kept(run.Metadata, "m", "cron_id", "owner")); diff != "" || run.Strategy != "reject" {
			t.Errorf("strategy %s, metadata (-want +got):\n%s", run.Strategy, diff)
		}
		want := map[string]any{
			"input": map[string]any{"lines": []any{"first"}}, "interrupt_before": []any{"write"}, "stream_mode": []any{"updates", "values"}, "subgraphs": true,
			"resumable": true, "durability": "exit", "context": map[string]any{"tone": "dry"}, "webhook": url + "/hook", "temporary": false,
		}
		if diff := cmp.Diff(want, kept(run.Kwargs, "input", "interrupt_before", "interrupt_after", "stream_mode", "subgraphs", "resumable", "durability", "context", "webhook", "temporary")); diff != "" {
			t.Errorf("kwargs (-want +got):\n%s", diff)
		}
		if config, _ := run.Kwargs["config"].(map[string]any); !cmp.Equal(map[string]any{"tags": []any{"t"}, "recursion_limit": 9.0}, kept(config, "tags", "recursion_limit")) {
			t.Errorf("config %v", config)
		}
		var state place
		s.must(200, alice, "GET", at+"/state", "").into(t, &state)
		if diff := cmp.Diff([]string{"write"}, state.Next); diff != "" {
			t.Errorf("next (-want +got):\n%s", diff)
		}

		// Metadata merges, the rest replaces, what is not said stays.
		cron = s.must(200, alice, "PATCH", "/runs/crons/"+cron.ID, `{"metadata": {"p": 2}, "interrupt_before": "*", "context": {"other": 1}, "input": {"lines": ["second"]},
			"webhook": null, "multitask_strategy": null, "stream_mode": []}`).cron(t)
		s.fire(*cron.Next)
		told = next(t, got)
		run.Metadata, run.Kwargs = nil, nil
		s.must(200, alice, "GET", at+"/runs/"+told.event.RunID, "").into(t, &run)
		if diff := cmp.Diff(map[string]any{"m": 1.0, "p": 2.0}, kept(run.Metadata, "m", "p")); diff != "" {
			t.Errorf("metadata (-want +got):\n%s", diff)
		}
		want["input"], want["context"], want["interrupt_before"] = map[string]any{"lines": []any{"second"}}, map[string]any{"other": 1.0}, "*"
		if diff := cmp.Diff(want, kept(run.Kwargs, slices.Collect(maps.Keys(want))...)); diff != "" {
			t.Errorf("kwargs (-want +got):\n%s", diff)
		}
	})
}
