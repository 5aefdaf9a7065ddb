package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// TestConfig covers rest.md §5.5 and R-13 to R-15 (AC-9): what is merged, and who the user is whatever a config says.
func TestConfig(t *testing.T) {
	t.Parallel()
	alice := &authhooks.User{
		Identity: "alice", Permissions: []string{"read"}, Extra: map[string]any{"team": "blue"}, Secret: map[string]any{"token": "s3cret"},
	}
	auth := authhooks.New(authhooks.Bearer(func(context.Context, string) (*authhooks.User, error) { return alice, nil }))
	var seen graphs.Config
	var user *authhooks.User
	b := setup(t, chain(func(ctx context.Context, _ state) (graphs.Update, error) {
		rt := graphs.RuntimeFrom(ctx)
		seen, user = rt.Config, rt.User
		return nil, nil
	}), auth, 0)
	principal, err := json.Marshal(access.PrincipalOf(alice))
	b.check(err)
	kwargs := input(`{"list":["in"]}`)
	kwargs.Context = wire.Object{"lang": "de"}
	kwargs.Config = wire.Config{Tags: []string{"t"}, Configurable: wire.Object{
		"model": "big", "user_id": "mallory", "langgraph_auth_user": map[string]any{"identity": "mallory"},
		"langgraph_auth_user_id": "mallory", "langgraph_auth_permissions": []any{"*"}, "__secret": 1, "thread_id": "other", "run_id": "other",
		"langgraph_request_id": "req-1",
	}}
	run := b.run(kwargs, func(r *store.RunNew) { r.Principal = principal })
	b.execute(t.Context())
	var got map[string]any
	raw, err := json.Marshal(seen.Configurable)
	b.check(err)
	b.check(json.Unmarshal(raw, &got))
	want := map[string]any{
		"model": "big", "user_id": "alice", "langgraph_auth_user_id": "alice", "langgraph_auth_permissions": []any{"read"},
		"langgraph_auth_user": map[string]any{
			"identity": "alice", "display_name": "alice", "permissions": []any{"read"}, "is_authenticated": true, "team": "blue",
		},
		"run_id": run.ID, "thread_id": threadID, "graph_id": "g", "assistant_id": assistantID, "langgraph_request_id": "req-1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configurable (-want +got):\n%s", diff)
	}
	if seen.RecursionLimit != 7 || seen.CheckpointID != "" || !cmp.Equal(seen.Tags, []string{"t"}) || string(seen.Context) != `{"lang":"de","tone":"dry"}` {
		t.Errorf("limit %d, checkpoint %q, tags %q, context %s", seen.RecursionLimit, seen.CheckpointID, seen.Tags, seen.Context)
	}
	if user == nil || user.Identity != "alice" || user.Secret != nil {
		t.Errorf("user %v has secrets %v", user, user.Secret)
	}
	for _, r := range b.records(run) {
		line, err := r.AppendLine(nil)
		b.check(err)
		for _, secret := range []string{"s3cret", "mallory", `"eve"`, "langgraph_auth", "langgraph_request_id"} {
			if strings.Contains(string(line), secret) {
				t.Errorf("the log has %s: %s", secret, line)
			}
		}
	}
}

// TestResolve covers R-38: whom a run acts for is asked when it starts.
func TestResolve(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		err    error
		status string
	}{
		{"he is gone", &authhooks.Error{Status: http.StatusForbidden, Detail: "disabled"}, store.RunError},
		{"it cannot be said now", authhooks.Unavailable(errors.New("directory down")), store.RunRunning},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			auth := authhooks.New(
				authhooks.Bearer(func(context.Context, string) (*authhooks.User, error) { return nil, nil }),
				authhooks.Resolve(func(context.Context, string) (*authhooks.User, error) { return nil, tt.err }),
			)
			b := setup(t, chain(func(context.Context, state) (graphs.Update, error) {
				t.Error("the graph ran")
				return nil, nil
			}), auth, 0)
			run := b.run(input(`{"list":["in"]}`), func(r *store.RunNew) { r.Principal = store.JSON(`{"kind":"user","identity":"alice"}`) })
			b.execute(t.Context())
			row := b.row(run.ID)
			if row.Status != tt.status || strings.Contains(string(row.Error), "directory") {
				t.Errorf("run is %s with %s", row.Status, row.Error)
			}
			if tt.status == store.RunRunning && len(b.kinds(run)) != 0 {
				t.Errorf("told of a failure that may pass: %q", b.kinds(run))
			}
		})
	}
}

// TestResolveOutage: as long as nobody can say who the user is now, his run waits, however often it is tried.
func TestResolveOutage(t *testing.T) {
	t.Parallel()
	out := true
	auth := authhooks.New(
		authhooks.Bearer(func(context.Context, string) (*authhooks.User, error) { return nil, nil }),
		authhooks.Resolve(func(context.Context, string) (*authhooks.User, error) {
			if out {
				return nil, authhooks.Unavailable(errors.New("directory down"))
			}
			return &authhooks.User{Identity: "alice"}, nil
		}),
	)
	b := setup(t, chain(add("done")), auth, 0)
	b.worker.Outage = time.Microsecond
	run := b.run(input(`{"list":["in"]}`), func(r *store.RunNew) { r.Principal = store.JSON(`{"kind":"user","identity":"alice"}`) })
	for range 10 {
		b.execute(t.Context())
		if row := b.row(run.ID); row.Status != store.RunRunning || row.Attempt != 1 {
			t.Fatalf("run is %s after attempt %d: %s", row.Status, row.Attempt, row.Error)
		}
	}
	out = false
	b.execute(t.Context())
	if row := b.row(run.ID); row.Status != store.RunSuccess || row.Attempt != 1 {
		t.Errorf("run is %s after attempt %d: %s", row.Status, row.Attempt, row.Error)
	}
}

// TestSubgraph: a question asked inside a graph of a graph is the thread's, and the run goes on inside.
func TestSubgraph(t *testing.T) {
	t.Parallel()
	inner := chain(add("in1"), func(ctx context.Context, _ state) (graphs.Update, error) {
		answer, err := graphs.Interrupt[string](ctx, "deep?")
		return graphs.Patch(state{Word: answer}), err
	})
	outer := graphs.NewStateGraph[state]().AddSubgraph("child", inner).AddEdge(graphs.Start, "child").AddEdge("child", graphs.End)
	b := setup(t, outer, nil, 0)
	run := b.run(input(`{"word":"w"}`), nil)
	b.execute(t.Context())
	thread := b.thread()
	if thread.Status != "interrupted" || !strings.Contains(string(thread.Interrupts), `"value":"deep?"`) {
		t.Errorf("thread is %s, asks %s", thread.Status, thread.Interrupts)
	}
	if got := b.folded(run); !strings.Contains(got, `"__interrupt__":[{"value":"deep?"`) {
		t.Errorf("folded: %s", got)
	}
	run = b.run(wire.RunKwargs{Command: &wire.Command{Resume: wire.Some(json.RawMessage(`"yes"`))}}, nil)
	b.execute(t.Context())
	thread = b.thread()
	if thread.Status != "idle" || string(thread.Values) != `{"list":["in1"],"word":"yes"}` || b.folded(run) != string(thread.Values) {
		t.Errorf("thread is %s with %s, folded %s", thread.Status, thread.Values, b.folded(run))
	}
}
