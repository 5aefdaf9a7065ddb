package queue_test

import (
	"errors"
	"testing"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/queue/queuetest"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/store/storetest"
)

func TestSQLite(t *testing.T) {
	queuetest.Run(t, func(t testing.TB) queuetest.Subject { return open(t, storetest.SQLite(t)) })
}

func TestPostgres(t *testing.T) {
	queuetest.Run(t, func(t testing.TB) queuetest.Subject { return open(t, storetest.Postgres(t)) })
}

// open makes a store the subject of the suite, with one person who owns all threads.
func open(t testing.TB, config store.Config) queuetest.Subject {
	db := storetest.Open(t, config)
	alice := storetest.Owner(t, "alice")
	assistant, err := db.Assistants.Create(t.Context(), alice.Assistants(authhooks.Create), nil, store.AssistantNew{GraphID: "agent"})
	if err != nil {
		t.Fatalf("create assistant: %v", err)
	}
	return queuetest.Subject{
		Leaser: db.Runs,
		Holder: db.Runs,
		Sound:  func(t testing.TB) { storetest.Sound(t, config, db) },
		Thread: func(t testing.TB) string {
			row, err := db.Threads.Create(t.Context(), alice.Threads(authhooks.Create), nil, store.ThreadNew{})
			if err != nil {
				t.Fatalf("create thread: %v", err)
			}
			return row.ID
		},
		Add: func(t testing.TB, n store.RunNew) store.Run {
			n.AssistantID = assistant.ID
			update := alice.Threads(authhooks.Update)
			n.Update = &update
			run, err := db.Runs.Create(t.Context(), alice.Threads(authhooks.CreateRun), alice.Assistants(authhooks.Read), n)
			if err != nil {
				t.Fatalf("create run: %v", err)
			}
			return run
		},
		Cancel: func(t testing.TB, run store.Run, action string) {
			_, err := db.Runs.Cancel(t.Context(), alice.Threads(authhooks.Update), run.ThreadID, []string{run.ID}, action, "")
			if err != nil {
				t.Fatalf("cancel: %v", err)
			}
		},
		Status: func(t testing.TB, run store.Run) string {
			row, err := db.Runs.ByID(t.Context(), alice.Threads(authhooks.Read), run.ID)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				t.Fatalf("get run: %v", err)
			}
			return row.Status
		},
	}
}
