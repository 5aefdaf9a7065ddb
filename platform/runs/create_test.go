package runs_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

const missing = "01234567-89ab-7cde-8f01-23456789abcd"

func TestSystemAssistantID(t *testing.T) {
	t.Parallel()
	for graph, want := range map[string]string{ // vectors of rest.md §3.1
		"chat": "eb6db400-e3c8-5d06-a834-015cb89efe69", "agent": "fe096781-5601-53d2-b2f6-0d3403f7e9ca",
		"echo": "046b5dc7-2108-582c-9c6c-31d556d138f0",
	} {
		if got := runs.SystemAssistantID(graph); got != want {
			t.Errorf("%s: %s, want %s", graph, got, want)
		}
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := setup(t)
	thread := s.thread("")
	during := false
	tests := []struct {
		name   string
		thread string
		body   wire.RunCreate
		want   string
	}{
		{"webhook", thread, wire.RunCreate{Webhook: "/x"}, "422 webhook: webhooks are disabled on this server"},
		{"feedback of what goes away", "", wire.RunCreate{FeedbackKeys: wire.FeedbackKeys{"k"}}, "422 feedback_keys: the thread of this run goes away with it, and what is said of it would, too; run on a thread, or with on_completion: keep"},
		{"a feedback key without end", thread, wire.RunCreate{FeedbackKeys: wire.FeedbackKeys{strings.Repeat("k", 129)}}, "422 feedback_keys: want keys of 1 to 128 characters"},
		{"tracer", thread, wire.RunCreate{LangsmithTracer: &wire.LangsmithTracer{ProjectName: "p"}}, "422 langsmith_tracer is not supported yet"},
		{"mode", thread, wire.RunCreate{StreamMode: wire.StreamModes{"values", "nope"}}, `422 stream_mode: "nope" is not one of values, messages, messages-tuple, updates, events, debug, tasks, checkpoints, custom, tools`},
		{"no assistant", thread, wire.RunCreate{AssistantID: missing}, `404 No assistant found for "` + missing + `". Make sure the assistant ID is for a valid assistant or a valid graph ID.`},
		{"no graph", thread, wire.RunCreate{AssistantID: "nope"}, `404 No assistant found for "nope". Make sure the assistant ID is for a valid assistant or a valid graph ID.`},
		{"broken graph", thread, wire.RunCreate{AssistantID: "broken"}, `503 graph "broken" does not load: ./broken does not compile`},
		{"no thread", missing, wire.RunCreate{CheckpointDuring: &during}, "404 Thread with ID " + missing + " not found"},
		{"another thread in the config", thread, wire.RunCreate{Config: wire.Config{Configurable: wire.Object{"thread_id": missing}}}, "422 config.configurable.thread_id is not the thread of the URL"},
		{"another thread in the checkpoint", thread, wire.RunCreate{Checkpoint: &wire.CheckpointConfig{ThreadID: missing}}, "422 checkpoint.thread_id is not the thread of the URL"},
		{"configurable and context", thread, wire.RunCreate{Context: wire.Object{"a": 1.0}, Config: wire.Config{Configurable: wire.Object{"b": 1.0}}}, "400 Cannot specify both configurable and context. Prefer setting context alone. Context was introduced in LangGraph 0.6.0 and is the long term planned replacement for configurable."},
		{"a delay without end", thread, wire.RunCreate{AfterSeconds: 1e12}, "422 after_seconds: want at most 3153600000"},
		{"unknown words", thread, wire.RunCreate{IfNotExists: "maybe"}, `422 if_not_exists: "maybe" is not one of reject, create`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.body.AssistantID == "" {
				tt.body.AssistantID = "echo"
			}
			_, err := s.create("", tt.thread, tt.body)
			if got := refusal(err); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
	list, total, err := s.db.Runs.List(t.Context(), s.read(""), thread, store.RunQuery{})
	if err != nil || total != 0 {
		t.Errorf("refused requests left %v, %v", list, err)
	}
}

// TestKwargs covers: what is stored of a request says nothing about who the user is.
func TestKwargs(t *testing.T) {
	t.Parallel()
	s := setup(t, authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")))
	thread := s.thread("alice")
	spoof := wire.Object{
		"model": "big", "user_id": "mallory", "langgraph_auth_user": map[string]any{"identity": "mallory"}, "__x": "mallory",
		"principal": "mallory", "thread_id": thread, "checkpoint_id": "c1",
	}
	run := s.must("alice", thread, wire.RunCreate{
		AssistantID: "echo", Config: wire.Config{Configurable: spoof, Tags: []string{"t"}}, Context: wire.Object{"user_id": "mallory"},
		Metadata: wire.Object{"topic": "x", "langgraph_auth_user": "mallory"}, Checkpoint: &wire.CheckpointConfig{CheckpointID: "c2"},
		StreamMode: wire.StreamModes{"updates"},
	})
	for name, data := range map[string]store.JSON{"kwargs": run.Kwargs, "metadata": run.Metadata} {
		if strings.Contains(string(data), "mallory") || strings.Contains(string(data), "alice") {
			t.Errorf("%s: %s", name, data)
		}
	}
	var got struct {
		Config     wire.Config
		Durability string
		StreamMode []string `json:"stream_mode"`
	}
	s.check(json.Unmarshal(run.Kwargs, &got))
	want := wire.Object{
		"model": "big", "run_id": run.ID, "thread_id": thread, "graph_id": "echo", "assistant_id": runs.SystemAssistantID("echo"),
		"langgraph_request_id": "req-1", "checkpoint_id": "c2",
	}
	if diff := cmp.Diff(want, got.Config.Configurable); diff != "" || got.Durability != "async" || !cmp.Equal(got.StreamMode, []string{"updates"}) {
		t.Errorf("kwargs: %s (-want +got):\n%s", run.Kwargs, diff)
	}
	var metadata map[string]any
	s.check(json.Unmarshal(run.Metadata, &metadata))
	if diff := cmp.Diff(map[string]any{
		"topic": "x", "graph_id": "echo", "assistant_id": runs.SystemAssistantID("echo"), "created_by": "system",
	}, metadata); diff != "" {
		t.Errorf("metadata (-want +got):\n%s", diff)
	}
}

// TestQuestions covers auth.md §2.8, AC-13 and AC-28: which events a run asks, in their order.
func TestQuestions(t *testing.T) {
	t.Parallel()
	var s *server
	s = setup(t, recorded(&s, authhooks.OwnerOnly("owner")))
	thread := s.thread("alice")
	scope, err := s.guard.Assistants(s.as("alice"), &authhooks.AssistantsCreate{})
	s.check(err)
	own, err := s.db.Assistants.Create(t.Context(), scope, nil, store.AssistantNew{GraphID: "echo", Name: "mine"})
	s.check(err)
	tests := []struct {
		name   string
		thread string
		body   wire.RunCreate
		want   []string
	}{
		{"a graph's own assistant is nobody's", thread, wire.RunCreate{AssistantID: "echo"}, []string{"threads:create_run"}},
		{"by its id too", thread, wire.RunCreate{AssistantID: runs.SystemAssistantID("echo")}, []string{"threads:create_run"}},
		{"a user's assistant", thread, wire.RunCreate{AssistantID: own.ID}, []string{"threads:create_run", "assistants:read"}},
		{"a thread that may be made", missing, wire.RunCreate{AssistantID: own.ID, IfNotExists: "create"}, []string{"threads:create_run", "assistants:read", "threads:create"}},
		{"a stateless run", "", wire.RunCreate{AssistantID: "echo"}, []string{"threads:create_run", "threads:create"}},
		{"interrupt", thread, wire.RunCreate{AssistantID: "echo", MultitaskStrategy: "interrupt"}, []string{"threads:create_run", "threads:update"}},
		{"rollback", thread, wire.RunCreate{AssistantID: "echo", MultitaskStrategy: "rollback"}, []string{"threads:create_run", "threads:update"}},
		{"reject", thread, wire.RunCreate{AssistantID: "echo", MultitaskStrategy: "reject"}, []string{"threads:create_run"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s.took()
			run := s.must("alice", tt.thread, tt.body)
			if diff := cmp.Diff(tt.want, s.took()); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			s.wait("alice", run)
		})
	}
}

// TestForeign: what is another user's is answered as what is not there, and nothing of it changes (H-17, H-21, H-47, H-52).
func TestForeign(t *testing.T) {
	t.Parallel()
	s := setup(t, authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")))
	thread := s.thread("alice")
	scope, err := s.guard.Assistants(s.as("alice"), &authhooks.AssistantsCreate{})
	s.check(err)
	own, err := s.db.Assistants.Create(t.Context(), scope, nil, store.AssistantNew{GraphID: "echo", Name: "mine"})
	s.check(err)
	running := s.must("alice", thread, wire.RunCreate{AssistantID: "slow"})
	<-s.gate.running
	foreign := []struct {
		name   string
		thread string
		body   wire.RunCreate
		not    wire.RunCreate // the same request for what is not there
		absent string
	}{
		{"thread", thread, wire.RunCreate{AssistantID: "echo"}, wire.RunCreate{AssistantID: "echo"}, missing},
		{"thread, to be interrupted", thread, wire.RunCreate{AssistantID: "echo", MultitaskStrategy: "interrupt"}, wire.RunCreate{AssistantID: "echo", MultitaskStrategy: "interrupt"}, missing},
		{"assistant", "", wire.RunCreate{AssistantID: own.ID}, wire.RunCreate{AssistantID: missing}, ""},
	}
	for _, tt := range foreign {
		_, err := s.create("bob", tt.thread, tt.body)
		_, none := s.create("bob", tt.absent, tt.not)
		got := strings.NewReplacer(thread, missing, own.ID, missing).Replace(refusal(err))
		if !strings.HasPrefix(got, "404 ") || got != refusal(none) {
			t.Errorf("%s: foreign %q, absent %q", tt.name, got, refusal(none))
		}
	}
	for _, strategy := range []wire.MultitaskStrategy{"enqueue", "interrupt", "rollback"} {
		_, err := s.create("bob", thread, wire.RunCreate{AssistantID: "echo", IfNotExists: "create", MultitaskStrategy: strategy})
		if got := refusal(err); got != "404 Thread with ID "+thread+" not found" {
			t.Errorf("a foreign id, to be made, %s: %s", strategy, got)
		}
	}
	if err := s.runs.Cancel(t.Context(), s.update("bob"), runs.Cancel{ThreadID: thread, RunID: running.ID, Action: "interrupt"}); err == nil {
		t.Error("bob cancelled alice's run")
	}
	row, err := s.db.Runs.Get(t.Context(), s.read("alice"), thread, running.ID)
	if err != nil || row.Status != store.RunRunning || row.Cancel != "" {
		t.Errorf("alice's run is %s, cancel %q, %v", row.Status, row.Cancel, err)
	}
	if out, err := s.runs.Wait(t.Context(), s.read("bob"), running); err != nil || string(out) != "{}" {
		t.Errorf("bob waits for alice's run: %s, %v", out, err)
	}
	close(s.gate.open)
	s.wait("alice", running)
}

// TestImplicitThread covers AC-21 and H-21: a thread that a run makes bears what threads:create stamps, whatever the client says.
func TestImplicitThread(t *testing.T) {
	t.Parallel()
	s := setup(t, authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")))
	for name, body := range map[string]wire.RunCreate{
		missing: {AssistantID: "echo", IfNotExists: "create", Metadata: wire.Object{"owner": "bob"}},
		"":      {AssistantID: "echo", OnCompletion: "keep", Metadata: wire.Object{"owner": "bob"}},
	} {
		run := s.must("alice", name, body)
		s.wait("alice", run)
		thread, err := s.db.Threads.Get(t.Context(), s.read("alice"), run.ThreadID)
		s.check(err)
		var metadata map[string]any
		s.check(json.Unmarshal(thread.Metadata, &metadata))
		if metadata["owner"] != "alice" || !cmp.Equal(thread.Owned, []string{"owner"}) {
			t.Errorf("thread %q: %s, owned %q", name, thread.Metadata, thread.Owned)
		}
		if _, err := s.db.Threads.Get(t.Context(), s.read("bob"), run.ThreadID); err == nil {
			t.Errorf("thread %q reached bob", name)
		}
	}
}

// TestDenials: a refusal of any of the questions makes no run; one of threads:create matters only if the thread is not there.
func TestDenials(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		deny func(*authhooks.Call) bool
		body wire.RunCreate
		want string
	}{
		{"create_run", func(c *authhooks.Call) bool { return c.Action == authhooks.CreateRun }, wire.RunCreate{}, "403 no create_run"},
		{"the cancel of others", func(c *authhooks.Call) bool { return c.Action == authhooks.Update }, wire.RunCreate{MultitaskStrategy: "interrupt"}, "403 no update"},
		{"threads:create is not asked for a thread that is there", func(c *authhooks.Call) bool { return c.Action == authhooks.Create }, wire.RunCreate{}, "<nil>"},
		{"threads:create, and the thread is there", func(c *authhooks.Call) bool { return c.Action == authhooks.Create }, wire.RunCreate{IfNotExists: "create"}, "<nil>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			deny := false
			s := setup(t, authhooks.On(authhooks.Any, authhooks.Any, func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
				if deny && tt.deny(c) {
					return authhooks.Deny("no " + string(c.Action)), nil
				}
				return authhooks.Allow(), nil
			}))
			thread := s.thread("alice")
			deny = true
			tt.body.AssistantID = "echo"
			run, err := s.create("alice", thread, tt.body)
			if got := refusal(err); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if err == nil {
				s.wait("alice", run)
			}
			_, err = s.create("alice", missing, wire.RunCreate{AssistantID: "echo", IfNotExists: "create"})
			if tt.deny(&authhooks.Call{Action: authhooks.Create}) && refusal(err) != "403 no create" {
				t.Errorf("a thread to be made: %s", refusal(err))
			}
		})
	}
}

// TestCreateAll: several runs are made in their order, all or none, and every question is put before the first is made (auth.md §2.8).
func TestCreateAll(t *testing.T) {
	t.Parallel()
	var s *server
	asked := 0
	s = setup(t, recorded(&s, func(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
		if v, ok := c.Value.(*authhooks.RunsCreate); ok {
			if asked++; v.Metadata["forbidden"] != nil {
				return authhooks.Deny("not this one"), nil
			}
		}
		return authhooks.OwnerOnly("owner")(ctx, c)
	}))
	requests := func(bodies ...wire.RunCreate) (out []runs.CreateRequest) {
		for _, body := range bodies {
			body.Input = json.RawMessage(`{"list":["in"]}`)
			out = append(out, runs.CreateRequest{Body: body})
		}
		return out
	}
	threads := func() int {
		scope, err := s.guard.Threads(s.as("alice"), &authhooks.ThreadsSearch{})
		s.check(err)
		n, err := s.db.Threads.Count(t.Context(), scope, store.ThreadQuery{})
		s.check(err)
		return n
	}
	echo := wire.RunCreate{AssistantID: "echo", OnCompletion: "keep"}
	for name, tt := range map[string]struct {
		bad  wire.RunCreate
		want string
	}{
		"shape":     {wire.RunCreate{}, "422 [1] assistant_id is required"},
		"assistant": {wire.RunCreate{AssistantID: missing}, `404 [1] No assistant found for "` + missing + `"`},
		"denied":    {wire.RunCreate{AssistantID: "echo", Metadata: wire.Object{"forbidden": true}}, "403 not this one"},
		"webhook":   {wire.RunCreate{AssistantID: "echo", Webhook: "https://hooks.example"}, "422 [1] webhook: webhooks are disabled on this server"},
	} {
		_, err := s.runs.CreateAll(s.as("alice"), requests(echo, tt.bad, echo))
		if got := refusal(err); !strings.HasPrefix(got, tt.want) {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
	if n := threads(); n != 0 {
		t.Errorf("%d threads were made of requests that were refused", n)
	}
	first, second := echo, echo
	first.Metadata, second.Metadata = wire.Object{"n": "first"}, wire.Object{"n": "second"}
	made, err := s.runs.CreateAll(s.as("alice"), requests(first, second))
	s.check(err)
	for i, want := range []string{`"first"`, `"second"`} {
		if got := string(made[i].Metadata); !strings.Contains(got, want) {
			t.Errorf("run %d: metadata %s, want %s", i, got, want)
		}
		s.wait("alice", made[i])
	}
	if n := threads(); n != 2 {
		t.Errorf("%d threads, want 2", n)
	}
}

// TestStrategyNeedsUpdate: whoever may run on a thread but not change it cancels nothing there, and gets the same answer with and
// without runs under way (auth.md §3.8).
func TestStrategyNeedsUpdate(t *testing.T) {
	t.Parallel()
	s := setup(t,
		authhooks.On(authhooks.Threads, authhooks.Update, authhooks.OwnerOnly("owner")),
		authhooks.On(authhooks.Any, authhooks.Any, authhooks.AllowAll))
	scope, err := s.guard.Threads(s.as("alice"), &authhooks.ThreadsCreate{})
	s.check(err)
	row, err := s.db.Threads.Create(t.Context(), scope, nil, store.ThreadNew{Metadata: map[string]any{"owner": "alice"}})
	s.check(err)
	running := s.must("alice", row.ID, wire.RunCreate{AssistantID: "slow"})
	<-s.gate.running
	for _, strategy := range []wire.MultitaskStrategy{"interrupt", "rollback"} {
		for _, how := range []wire.IfNotExists{"", "create"} {
			_, err := s.create("bob", row.ID, wire.RunCreate{AssistantID: "echo", MultitaskStrategy: strategy, IfNotExists: how})
			if got := refusal(err); got != "404 Thread with ID "+row.ID+" not found" {
				t.Errorf("%s, if_not_exists %q: %s", strategy, how, got)
			}
		}
	}
	queued := s.must("bob", row.ID, wire.RunCreate{AssistantID: "echo"})
	if got, err := s.db.Runs.Get(t.Context(), s.read("alice"), row.ID, running.ID); err != nil || got.Cancel != "" {
		t.Errorf("alice's run: cancel %q, %v", got.Cancel, err)
	}
	close(s.gate.open)
	s.wait("bob", queued)
}
