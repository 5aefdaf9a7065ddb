package runs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// threadFrames collects n frames of a thread's stream as "event data", with names in the place of ids.
func (s *server) threadFrames(from *runs.Runs, thread string, after int64, n int, named map[string]string, modes ...wire.ThreadStreamMode) (out []string, ids []int64) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	if n == 0 {
		return nil, nil
	}
	for frame, err := range from.StreamThread(ctx, s.read(""), thread, after, modes) {
		if err != nil {
			s.t.Fatalf("after %d of %d frames %q: %v", len(out), n, out, err)
		}
		text := frame.Event + " " + string(frame.Data)
		for id, name := range named {
			text = strings.ReplaceAll(text, id, name)
		}
		out, ids = append(out, text), append(ids, frame.ID)
		if len(out) == n {
			break
		}
	}
	return out, ids
}

// writes a state as POST state does, and returns the checkpoint.
func (s *server) writes(thread, word string) string {
	s.t.Helper()
	source, err := graphsOf(s.gate).Graph("echo")
	s.check(err)
	graph, err := source.Load(s.t.Context(), &graphs.ServerRuntime{})
	s.check(err)
	saved, err := graph.Write(s.t.Context(), []graphs.Superstep{{Updates: []graphs.NodeUpdate{{
		Values: json.RawMessage(`{"word":"` + word + `"}`), AsNode: "echo",
	}}}}, graphs.Config{ThreadID: thread, Saver: s.db.Checkpoints.Writer(s.update(""), thread)})
	s.check(err)
	s.hub.Wake(thread)
	return saved.ID
}

// history makes a thread with two runs, a run that was cancelled before its turn, and a write to the state between.
func (s *server) history() (thread string, named map[string]string) {
	s.t.Helper()
	thread = s.thread("")
	first := s.must("", thread, wire.RunCreate{AssistantID: "echo"})
	s.wait("", first)
	checkpoint := s.writes(thread, "written")
	slow := s.must("", thread, wire.RunCreate{AssistantID: "slow"})
	<-s.gate.running
	pending := s.must("", thread, wire.RunCreate{AssistantID: "echo"})
	s.check(s.runs.Cancel(s.t.Context(), s.update(""), runs.Cancel{ThreadID: thread, RunID: pending.ID, Action: store.CancelInterrupt, Wait: true}))
	close(s.gate.open)
	s.wait("", slow)
	return thread, map[string]string{thread: "T", first.ID: "first", slow.ID: "slow", pending.ID: "pending", checkpoint: "C"}
}

const told = `{"thread_id":"T","checkpoint":{"thread_id":"T","checkpoint_ns":"","checkpoint_id":"C","checkpoint_map":null},` +
	`"values":{"list":["in","echo","in","slow"],"word":"written"}}`

func done(run, status string) string {
	return fmt.Sprintf(`run_done {"run_id":%q,"thread_id":"T","status":%q}`, run, status)
}

func started(run string) string {
	return fmt.Sprintf(`metadata {"run_id":%q,"attempt":1,"thread_id":"T"}`, run)
}

func TestStreamThread(t *testing.T) {
	t.Parallel()
	s := setup(t)
	thread, named := s.history()
	for _, test := range []struct {
		name  string
		modes []wire.ThreadStreamMode
		want  []string
	}{
		{"run_modes", nil, []string{
			started("first"), `values {"list":["in"]}`, `values {"list":["in","echo"]}`, done("first", "success"),
			started("slow"), `values {"list":["in","echo","in"],"word":"written"}`, `values {"list":["in","echo","in","slow"],"word":"written"}`,
			done("slow", "success"), done("pending", "interrupted"),
		}},
		{"lifecycle", []wire.ThreadStreamMode{wire.ThreadLifecycle}, []string{
			started("first"), done("first", "success"), started("slow"), done("slow", "success"), done("pending", "interrupted"),
		}},
		{"state_update", []wire.ThreadStreamMode{wire.ThreadStateUpdate}, []string{"state_update " + told}},
		{"two", []wire.ThreadStreamMode{wire.ThreadStateUpdate, wire.ThreadLifecycle}, []string{
			started("first"), done("first", "success"), "state_update " + told, started("slow"), done("slow", "success"), done("pending", "interrupted"),
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, ids := s.threadFrames(s.runs, thread, -1, len(test.want), named, test.modes...)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Fatalf("from the beginning (-want +got):\n%s", diff)
			}
			for i, id := range ids {
				rest, _ := s.threadFrames(s.runs, thread, id, len(got)-i-1, named, test.modes...)
				if diff := cmp.Diff(append([]string(nil), test.want[i+1:]...), rest); diff != "" {
					t.Errorf("after frame %d (-want +got):\n%s", i, diff)
				}
			}
		})
	}
}

func TestStreamThreadFromNow(t *testing.T) {
	t.Parallel()
	s := setup(t)
	for name, from := range map[string]*runs.Runs{
		"this process":    s.runs,
		"another process": runs.New(runs.Config{DB: s.db, Hub: events.NewHub(), Guard: s.guard, Graphs: graphsOf(s.gate)}),
	} {
		t.Run(name, func(t *testing.T) {
			thread := s.thread("")
			s.wait("", s.must("", thread, wire.RunCreate{AssistantID: "echo"}))
			slow := s.must("", thread, wire.RunCreate{AssistantID: "slow"})
			<-s.gate.running
			named := map[string]string{thread: "T", slow.ID: "slow"}
			// The gate opens and the next run comes once the stream is under way.
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			var got []string
			want := []string{started("slow"), done("slow", "success"), started("next"), done("next", "success")}
			for frame, err := range from.StreamThread(ctx, s.read(""), thread, runs.FromNow, []wire.ThreadStreamMode{wire.ThreadLifecycle}) {
				if err != nil {
					t.Fatalf("after %q: %v", got, err)
				}
				if len(got) == 2 { // the first frame of the run that was made below
					if !strings.Contains(string(frame.Data), slow.ID) {
						var data struct {
							Run string `json:"run_id"`
						}
						s.check(json.Unmarshal(frame.Data, &data))
						named[data.Run] = "next"
					}
				}
				text := frame.Event + " " + string(frame.Data)
				for id, name := range named {
					text = strings.ReplaceAll(text, id, name)
				}
				got = append(got, text)
				switch len(got) {
				case 1:
					s.gate.open <- struct{}{}
				case 2:
					s.must("", thread, wire.RunCreate{AssistantID: "echo"})
				}
				if len(got) == len(want) {
					break
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestStreamThreadEndsWithTheThread(t *testing.T) {
	t.Parallel()
	var s *server
	s = setup(t, recorded(&s, authhooks.OwnerOnly("owner")))
	thread := s.thread("alice")
	s.wait("alice", s.must("alice", thread, wire.RunCreate{AssistantID: "echo"}))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for frame, err := range s.runs.StreamThread(ctx, s.read("bob"), thread, -1, nil) {
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("bob got %s %s, %v", frame.Event, frame.Data, err)
		}
	}
	var last error
	for frame, err := range s.runs.StreamThread(ctx, s.read("alice"), thread, -1, nil) {
		if last = err; err == nil && frame.Event == "run_done" {
			scope, err := s.guard.Threads(s.as("alice"), &authhooks.ThreadsDelete{})
			s.check(err)
			s.check(s.db.Threads.Delete(ctx, scope, thread))
		}
	}
	if !errors.Is(last, store.ErrNotFound) {
		t.Errorf("the stream of a thread that is gone ends with %v", last)
	}
}
