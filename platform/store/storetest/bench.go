package storetest

import (
	"testing"
	"time"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/store"
)

// testWorker holds all leases of the suite.
const testWorker = "worker"

// bench is one person with an assistant: what runs need.
type bench struct {
	*place
	who       Person
	assistant store.Assistant
}

func (p *place) bench(t *testing.T, who Person) *bench {
	t.Helper()
	return &bench{p, who, p.assistant(t, who, store.AssistantNew{GraphID: "agent", Name: "a"})}
}

// create makes a run, with what the test leaves out.
func (b *bench) create(t *testing.T, n store.RunNew) (store.Run, error) {
	t.Helper()
	if n.AssistantID == "" {
		n.AssistantID = b.assistant.ID
	}
	if n.Update == nil {
		update := b.who.Threads(authhooks.Update)
		n.Update = &update
	}
	return b.db.Runs.Create(t.Context(), b.who.Threads(authhooks.CreateRun), b.who.Assistants(authhooks.Read), n)
}

// run makes a run on a thread.
func (b *bench) run(t *testing.T, thread string) store.Run {
	t.Helper()
	run, err := b.create(t, store.RunNew{ThreadID: thread})
	is(t, err, nil)
	return run
}

// implicit lets a run make its thread.
func (b *bench) implicit(metadata map[string]any) *store.ImplicitThread {
	return &store.ImplicitThread{Scope: b.who.Threads(authhooks.Create), Metadata: metadata}
}

// status reads a run's status; "" when it is gone.
func (b *bench) status(t *testing.T, run store.Run) string {
	t.Helper()
	got, err := b.db.Runs.Get(t.Context(), b.who.Threads(authhooks.Read), run.ThreadID, run.ID)
	if err != nil {
		is(t, err, store.ErrNotFound)
		return ""
	}
	return got.Status
}

// claimOf claims runs until it has the one that is wanted; others go back afterwards. The suite's parts share a database.
func (b *bench) claimOf(t *testing.T, run store.Run) *store.Claimed {
	t.Helper()
	var others []store.Lease
	defer func() { is(t, b.db.Runs.HandBack(t.Context(), testWorker, others), nil) }()
	var held []string
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); <-time.After(time.Millisecond) {
		c, err := b.db.Runs.Claim(t.Context(), testWorker, time.Minute, held...)
		is(t, err, nil)
		switch {
		case c == nil: // perhaps another part holds it, and waits for one of these
			is(t, b.db.Runs.HandBack(t.Context(), testWorker, others), nil)
			others, held = nil, nil
		case c.Run.ID == run.ID:
			return c
		default:
			others, held = append(others, c.Lease), append(held, c.Run.ID)
		}
	}
	t.Fatalf("run %s was not due", run.ID)
	return nil
}

// finish ends a claimed run.
func (b *bench) finish(t *testing.T, c *store.Claimed, f store.Finish) {
	t.Helper()
	is(t, b.db.Runs.Commit(t.Context(), c.Lease, store.Batch{Finish: &f}), nil)
}
