package events_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// database is the part of the store that events need, in memory: what is in it is durable.
type database struct {
	mu      sync.Mutex
	batches []store.Batch
	ended   bool
	revoked bool // no scope reaches the run any more
	next    int64
	token   int64
	reads   int
	// gate, when set, is taken from before each commit.
	gate chan struct{}
	fail error
	// busy is how often Reserve fails.
	busy int
}

func (d *database) Commit(ctx context.Context, l store.Lease, b store.Batch) error {
	if d.gate != nil {
		select {
		case <-d.gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail != nil {
		return d.fail
	}
	if l.Token < d.token {
		return store.ErrLostLease
	}
	d.batches = append(d.batches, b)
	d.ended = d.ended || b.Finish != nil
	return nil
}

func (d *database) Reserve(context.Context, store.Lease, int) (int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy > 0 {
		d.busy--
		return 0, errors.New("bad connection")
	}
	d.next += 4096
	return d.next, nil
}

func (d *database) Read(_ context.Context, _ access.ThreadScope, _, _ string, after int64, limit int) ([]store.Segment, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.reads++
	var out []store.Segment
	for _, b := range d.batches {
		for _, s := range b.Segments {
			if s.Last > after && len(out) < limit {
				out = append(out, s)
			}
		}
	}
	return out, nil
}

func (d *database) ByID(_ context.Context, _ access.ThreadScope, id string) (store.Run, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.revoked {
		return store.Run{}, store.ErrNotFound
	}
	status := store.RunRunning
	if d.ended {
		status = store.RunSuccess
	}
	return store.Run{ID: id, ThreadID: "t", Status: status}, nil
}

// durable says what each commit carried: events by kind, then checkpoints, writes and the end.
func (d *database) durable(t *testing.T) []string {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	var out []string
	for _, b := range d.batches {
		var parts []string
		for _, s := range b.Segments {
			for r, err := range events.Lines(s.Data) {
				if err != nil {
					t.Error(err)
				}
				parts = append(parts, label(r))
			}
		}
		for _, c := range b.Checkpoints {
			parts = append(parts, "put "+c.Checkpoint.ID)
		}
		for _, w := range b.Writes {
			parts = append(parts, "writes "+w.TaskID)
		}
		if b.Finish != nil {
			parts = append(parts, "finish "+b.Finish.Status)
		}
		out = append(out, strings.Join(parts, ", "))
	}
	return out
}

func label(r events.Record) string {
	switch {
	case r.Step != nil:
		return "step " + r.Step.Checkpoint
	case r.TaskEnd != nil:
		return "end " + r.TaskEnd.ID
	case r.Custom != nil:
		return "say " + string(r.Custom.Value)
	default:
		return string(r.Kind)
	}
}

func say(i int) graphs.Event {
	return graphs.Event{Kind: graphs.KindCustom, Custom: &graphs.CustomSent{Value: json.RawMessage(fmt.Sprint(i))}}
}

func step(ns, id string, next ...string) graphs.Event {
	return graphs.Event{Kind: graphs.KindStep, NS: ns, Step: &graphs.StepTaken{Checkpoint: id, Next: next}}
}

func ended(ns, id string) graphs.Event {
	return graphs.Event{Kind: graphs.KindTaskEnd, NS: ns, Task: id, TaskEnd: &graphs.TaskEnded{ID: id, Name: "n"}}
}

func put(ns, id string, next ...string) graphs.Commit {
	return graphs.Commit{Checkpoint: &graphs.Checkpoint{ID: id, NS: ns, Next: next}}
}

func runEnd(status string) graphs.Event {
	return graphs.Event{Kind: graphs.KindRunEnd, RunEnd: &graphs.RunEnded{Status: status}}
}

// writer is a journal whose calls fail the test.
type writer struct {
	*events.Journal
	t *testing.T
}

func (w writer) append(list ...graphs.Event) {
	w.t.Helper()
	for _, e := range list {
		w.check(w.Append(context.Background(), e))
	}
}

func (w writer) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func newWriter(t *testing.T, d *database, hub *events.Hub, first int64, hold bool) writer {
	feed := hub.Open("t", "r", first-1)
	return writer{events.NewJournal(context.Background(), events.JournalConfig{
		Log: d, Lease: store.Lease{RunID: "r", ThreadID: "t", Token: 1}, First: first, Block: 4096, Feed: feed, Hold: hold,
	}), t}
}

// pass lets fake time pass, and all that was due then happen.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

func (d *database) looks() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.reads
}
