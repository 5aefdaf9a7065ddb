package graphs_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/memory"
)

func TestValues(t *testing.T) {
	t.Parallel()
	type note struct {
		Text string `json:"text"`
	}
	g := compile(t, graphs.NewStateGraph[graphs.Values](
		graphs.Field[[]graphs.Message]("messages", `reduce:"messages"`),
		graphs.Field[int]("count", `reduce:"add"`, `jsonschema:"how often"`),
		graphs.Field[note]("note"),
		graphs.Field[string]("secret", `channel:"private"`),
		graphs.Default("note", note{"empty"})).
		AddNode("n", func(_ context.Context, s graphs.Values) (graphs.Update, error) {
			n := graphs.Value[note](s, "note")
			if _, ok := s["secret"]; ok {
				return nil, nil
			}
			return graphs.Patch(graphs.Values{
				"count": 1, "note": note{n.Text + "!"}, "messages": "hello", "secret": "x",
			}), nil
		}).
		AddEdge(graphs.Start, "n").
		AddConditionalEdges("n", func(_ context.Context, s graphs.Values) (string, error) {
			if graphs.Value[int](s, "count") < 3 && graphs.Value[string](s, "secret") == "" {
				return "n", nil
			}
			return graphs.End, nil
		}, "n", graphs.End))
	for _, cfg := range []graphs.Config{{}, {Saver: memory.New()}} {
		end := invoke[graphs.Values](t, g, graphs.Values{"count": 1}, cfg)
		if graphs.Value[int](end, "count") != 2 || graphs.Value[note](end, "note").Text != "empty!" || len(graphs.Value[[]graphs.Message](end, "messages")) != 1 {
			t.Errorf("end %v", end)
		}
	}
	var schema struct {
		Properties map[string]map[string]any `json:"properties"`
	}
	schemas := g.Schemas()
	if err := json.Unmarshal(schemas.Output, &schema); err != nil {
		t.Fatal(err)
	}
	if schema.Properties["messages"]["langgraph_type"] != "messages" || schema.Properties["count"]["description"] != "how often" {
		t.Errorf("schema %s", schemas.Output)
	}
	if _, ok := schema.Properties["secret"]; ok || len(schema.Properties) != 3 {
		t.Errorf("schema %s", schemas.Output)
	}
	res := run(t, g, value(`{"count":1,"secret":"from outside"}`), graphs.Config{})
	if diff := cmp.Diff(`{"text":"empty!"}`, string(res.Values["note"])); diff != "" {
		t.Error("a private key came in:", diff)
	}
}

// A state shows every key, as LangGraph's does: private keeps one out of input and output, not from who may read the thread.
func TestStateShowsPrivate(t *testing.T) {
	t.Parallel()
	g := compile(t, graphs.NewStateGraph[graphs.Values](graphs.Field[string]("shown"), graphs.Field[string]("secret", `channel:"private"`)).
		AddNode("n", func(context.Context, graphs.Values) (graphs.Update, error) {
			return graphs.Set{"shown": "a", "secret": "b"}, nil
		}).AddEdge(graphs.Start, "n"))
	cfg := graphs.Config{Saver: memory.New()}
	res := run(t, g, value(`{"shown":"in","secret":"from outside"}`), cfg)
	if diff := cmp.Diff([]string{"shown"}, res.Of(graphs.KindRunStart)[0].RunStart.Output); diff != "" {
		t.Error("output:", diff)
	}
	var history []string
	for shot, err := range graphs.ReadHistory(t.Context(), cfg.Saver, graphs.ListQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		line := string(shot.Values)
		for _, task := range shot.Tasks {
			line += " " + task.Name + string(task.Result)
		}
		history = append(history, line)
	}
	want := []string{
		`{"secret":"b","shown":"a"}`,
		`{"shown":"in"} n{"secret":"b","shown":"a"}`,
		`{} __start__{"shown":"in"}`,
	}
	if diff := cmp.Diff(want, history); diff != "" {
		t.Error("history:", diff)
	}
}
