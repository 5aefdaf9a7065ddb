package graphs_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/memory"
)

type cacheState struct {
	graphs.MessagesState
	Topic string `json:"topic"`
	Noise int    `json:"noise"`
}

func TestCachedNode(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	cache := &memory.Cache{Now: func() time.Time { return now }}
	calls := 0
	g := compile(t, graphs.NewStateGraph[cacheState](graphs.WithCache(cache)).
		AddNode("say", func(_ context.Context, s cacheState) (graphs.Update, error) {
			if calls++; s.Topic == "fail" {
				return nil, errors.New("no")
			}
			return graphs.Command{Update: graphs.Set{"messages": graphs.AI("on " + s.Topic)}, Goto: []string{"next"}}, nil
		}, graphs.Cache(time.Minute, "topic"), graphs.Goes("next")).
		AddNode("next", func(context.Context, cacheState) (graphs.Update, error) { return nil, nil }).
		AddEdge(graphs.Start, "say"))
	ask := func(cfg graphs.Config, input string) (cached bool, id string) {
		t.Helper()
		res := run(t, g, value(input), cfg)
		for _, e := range res.Of(graphs.KindTaskEnd) {
			if e.TaskEnd.Name == "say" {
				cached = e.TaskEnd.Cached
			}
		}
		for _, e := range res.Of(graphs.KindTaskStart) {
			if e.TaskStart.Name == "say" && e.TaskStart.Cached != cached {
				t.Errorf("announced as cached %v, ended as %v", e.TaskStart.Cached, cached)
			}
		}
		if got := started(res); got[len(got)-1] != "next" {
			t.Errorf("the graph did not go on: %v", got)
		}
		msgs, err := graphs.CoerceMessages(res.Values["messages"])
		if err != nil || len(msgs) == 0 {
			t.Fatalf("messages %v, %v", msgs, err)
		}
		return cached, msgs[len(msgs)-1].ID
	}
	cached, first := ask(graphs.Config{}, `{"topic":"go","noise":1}`)
	if cached {
		t.Error("the first call was cached")
	}
	for _, cfg := range []graphs.Config{{}, {Saver: memory.New()}, {Saver: memory.New(), Durability: graphs.DurabilityExit}} {
		if cached, id := ask(cfg, `{"topic":"go","noise":2}`); !cached || id != first {
			t.Errorf("cached %v, message %s, want %s", cached, id, first)
		}
		if cfg.Saver == nil || cfg.Durability != "" {
			continue
		}
		for shot, err := range graphs.ReadHistory(t.Context(), cfg.Saver, graphs.ListQuery{}) {
			if err != nil {
				t.Fatal(err)
			}
			if len(shot.Tasks) == 1 && shot.Tasks[0].Name == "say" && shot.Tasks[0].Result == nil {
				t.Error("the checkpoint does not have what the cache had")
			}
		}
	}
	if cached, _ := ask(graphs.Config{}, `{"topic":"rust"}`); cached {
		t.Error("another topic was cached")
	}
	if cached, _ := ask(graphs.Config{GraphID: "other"}, `{"topic":"go"}`); cached {
		t.Error("another graph's value was used")
	}
	if cached, _ := ask(graphs.Config{User: &authhooks.User{Identity: "bob"}}, `{"topic":"go"}`); cached {
		t.Error("a user got what another run had found")
	}
	if cached, _ := ask(graphs.Config{User: &authhooks.User{Identity: "ann"}}, `{"topic":"go"}`); cached {
		t.Error("a user got what another user's run had found")
	}
	if cached, _ := ask(graphs.Config{User: &authhooks.User{Identity: "bob"}}, `{"topic":"go"}`); !cached {
		t.Error("a user did not get what the own run had found")
	}
	if cached, _ := ask(graphs.Config{Context: raw(`{"tone":"formal"}`)}, `{"topic":"go"}`); cached {
		t.Error("other settings were not minded")
	}
	for key, want := range map[string]bool{"tone": false, "thread_id": true} {
		cfg := graphs.Config{Configurable: map[string]json.RawMessage{key: raw(`"casual"`)}}
		if cached, _ := ask(cfg, `{"topic":"go"}`); cached != want {
			t.Errorf("with another %s: cached %v", key, cached)
		}
	}
	if cached, _ := ask(graphs.Config{Cache: &memory.Cache{}}, `{"topic":"go"}`); cached {
		t.Error("the run's own cache was not used")
	}
	now = now.Add(time.Minute)
	if cached, _ := ask(graphs.Config{}, `{"topic":"go"}`); cached {
		t.Error("the value is too old")
	}
	before := calls
	for range 2 {
		if _, err := graphs.Invoke[cacheState](t.Context(), g, value(`{"topic":"fail"}`), graphs.Config{}); err == nil {
			t.Error("no failure")
		}
	}
	if calls != before+2 {
		t.Error("a failure was cached")
	}
}

// Equal Sends run once; without a saver and a reader, too.
func TestCachedSends(t *testing.T) {
	t.Parallel()
	cache := &memory.Cache{Limit: 2}
	calls := 0
	g := compile(t, graphs.NewStateGraph[listState]().
		AddNode("plan", func(_ context.Context, s listState) (graphs.Update, error) {
			return graphs.Command{Send: []graphs.Send{{Node: "work", Arg: "a"}, {Node: "work", Arg: "b"}}}, nil
		}, graphs.Goes("work")).
		AddNodeOf("work", graphs.In(func(_ context.Context, topic string) (graphs.Update, error) {
			calls++
			return graphs.Patch(listState{Items: []string{topic}}), nil
		}), graphs.Cache(0)).
		AddEdge(graphs.Start, "plan"))
	for range 3 {
		cfg := graphs.Config{Cache: cache, MaxConcurrency: 1}
		if got := invoke[listState](t, g, listState{}, cfg).Items; !cmp.Equal(got, []string{"a", "b"}) {
			t.Errorf("items %v", got)
		}
	}
	if calls != 2 {
		t.Errorf("%d calls, want 2", calls)
	}
}
