package compat

import (
	"net/http"
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
