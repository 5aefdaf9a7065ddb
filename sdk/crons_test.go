package sdk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/sdk"
)

func TestCrons(t *testing.T) {
	t.Parallel()
	const row = `{"cron_id":"C","assistant_id":"A","thread_id":null,"schedule":"0 8 * * *","enabled":true,"next_run_date":"2026-09-01T06:00:00Z"}`
	s := newServer(t)
	s.on("POST /runs/crons", answer(200, row))
	s.on("POST /threads/T/runs/crons", answer(200, row))
	s.on("GET /runs/crons/C", answer(200, row))
	s.on("PATCH /runs/crons/C", answer(200, row), answer(200, row))
	s.on("DELETE /runs/crons/C", answer(204, ""))
	s.on("POST /runs/crons/search", answer(200, `[`+row+`]`), answer(200, `[`+row+`]`))
	s.on("POST /runs/crons/count", answer(200, `7`))
	client, _ := s.client(sdk.Config{})
	ctx, crons := t.Context(), client.Crons

	made, err := crons.Create(ctx, sdk.Stateless, "agent", sdk.CronCreate{Schedule: "0 8 * * *", Timezone: "Europe/Berlin", OnRunCompleted: sdk.OnRunCompletedKeep})
	check(t, err)
	if made.CronID != "C" || made.ThreadID != nil || !made.NextRunDate.Equal(time.Date(2026, 9, 1, 6, 0, 0, 0, time.UTC)) {
		t.Errorf("made %+v", made)
	}
	_, err = crons.Create(ctx, "T", "agent", sdk.CronCreate{Schedule: "* * * * *", Input: json.RawMessage(`{"a":1}`)})
	check(t, err)
	_, err = crons.Get(ctx, "C")
	check(t, err)
	off := false
	_, err = crons.Patch(ctx, "C", sdk.CronPatch{Enabled: &off, EndTime: sdk.NoEnd()})
	check(t, err)
	_, err = crons.Patch(ctx, "C", sdk.CronPatch{EndTime: sdk.Until(sdk.Time{Time: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)})})
	check(t, err)
	check(t, crons.Delete(ctx, "C"))
	page, err := crons.Search(ctx, sdk.CronSearch{ThreadID: "T"})
	check(t, err)
	for cron, err := range crons.All(ctx, sdk.CronSearch{}) {
		check(t, err)
		page = append(page, cron)
	}
	n, err := crons.Count(ctx, sdk.CronCount{AssistantID: "agent"})
	check(t, err)
	if len(page) != 2 || n != 7 {
		t.Errorf("%d rows, %d counted", len(page), n)
	}

	var sent []string
	for _, r := range s.got() {
		sent = append(sent, r.Method+" "+r.URI+" "+r.Body)
	}
	want := []string{
		`POST /runs/crons {"assistant_id":"agent","schedule":"0 8 * * *","timezone":"Europe/Berlin","on_run_completed":"keep"}`,
		`POST /threads/T/runs/crons {"assistant_id":"agent","schedule":"* * * * *","input":{"a":1}}`,
		`GET /runs/crons/C `,
		`PATCH /runs/crons/C {"end_time":null,"enabled":false}`,
		`PATCH /runs/crons/C {"end_time":"2027-01-01T00:00:00.000000+00:00"}`,
		`DELETE /runs/crons/C `,
		`POST /runs/crons/search {"thread_id":"T"}`,
		`POST /runs/crons/search {"limit":100}`,
		`POST /runs/crons/count {"assistant_id":"agent"}`,
	}
	if diff := cmp.Diff(want, sent); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
	if _, err := crons.Create(ctx, "", "agent", sdk.CronCreate{}); err == nil {
		t.Error("an empty thread's id is taken for none")
	}
	if _, err := crons.Get(ctx, ""); err == nil {
		t.Error("an empty cron's id was sent")
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A report each morning of the working week, in the time of Berlin, summer and winter.
func ExampleCrons() {
	server := httptest.NewServer(clockwork())
	defer server.Close()
	if err := plan(context.Background(), server.URL); err != nil {
		fmt.Println(err)
	}
	// Output:
	// first at 2026-09-18T06:00:00.000000+00:00
	// paused: true
}

func plan(ctx context.Context, url string) error {
	client, err := sdk.New(sdk.Config{URL: url, Token: "user1-token"})
	if err != nil {
		return err
	}
	cron, err := client.Crons.Create(ctx, sdk.Stateless, "agent", sdk.CronCreate{
		Schedule: "0 8 * * MON-FRI", Timezone: "Europe/Berlin", Input: sdk.Messages(sdk.Human("Write the report.")),
	})
	if err != nil {
		return err
	}
	fmt.Println("first at", cron.NextRunDate)

	pause := false
	if cron, err = client.Crons.Patch(ctx, cron.CronID, sdk.CronPatch{Enabled: &pause}); err != nil {
		return err
	}
	fmt.Println("paused:", cron.NextRunDate == nil)
	return nil
}

// clockwork is a server with one cron.
func clockwork() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /runs/crons", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"cron_id":"01a0-C","enabled":true,"next_run_date":"2026-09-18T06:00:00+00:00"}`)
	})
	mux.HandleFunc("PATCH /runs/crons/{id}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"cron_id":"01a0-C","enabled":false,"next_run_date":null}`)
	})
	return mux
}
