package graphs_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
)

type verdict struct {
	City  string `json:"city"`
	Sunny bool   `json:"sunny"`
	Mood  string `json:"mood,omitempty" jsonschema:"one of: good, bad"`
}

func answers(args string) graphtest.Turn {
	return graphtest.Ask(graphs.ToolCall{ID: "c", Name: "verdict", Args: json.RawMessage(args)})
}

func TestCallModelFor(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		turns []graphtest.Turn
		calls int
		want  verdict
		fails string
	}{
		{"at once", []graphtest.Turn{answers(`{"city":"Rome","sunny":true}`)}, 1, verdict{City: "Rome", Sunny: true}, ""},
		{"as text", []graphtest.Turn{graphtest.Say("```json\n{\"city\":\"Rome\",\"sunny\":true}\n```")}, 1, verdict{City: "Rome", Sunny: true}, ""},
		{"corrected", []graphtest.Turn{answers(`{"city":3,"mood":"good"}`), answers(`{"city":"Rome","sunny":true}`)}, 2, verdict{City: "Rome", Sunny: true}, ""},
		{"corrected prose", []graphtest.Turn{graphtest.Say("It is sunny."), answers(`{"city":"Rome","sunny":false}`)}, 2, verdict{City: "Rome"}, ""},
		{"never", []graphtest.Turn{answers(`{"city":"Rome"}`)}, 3, verdict{}, `sunny`},
		{"not of the list", []graphtest.Turn{answers(`{"city":"Rome","sunny":true,"mood":"odd"}`)}, 3, verdict{}, "enum"},
		{"broken", []graphtest.Turn{graphtest.Fail(errors.New("down"))}, 1, verdict{}, "down"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			model := graphtest.NewModel(tc.turns...)
			got, err := graphs.CallModelFor[verdict](t.Context(), model, graphs.ModelRequest{Messages: []graphs.Message{graphs.Human("?")}}, 3)
			if (err != nil) != (tc.fails != "") || err != nil && !strings.Contains(err.Error(), tc.fails) {
				t.Fatalf("got %v, want %q", err, tc.fails)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			asked := model.Requests()
			if len(asked) != tc.calls {
				t.Fatalf("asked %d times, want %d", len(asked), tc.calls)
			}
			for i, req := range asked {
				if req.ToolChoice != "verdict" || len(req.Tools) != 1 || len(req.Messages) != 1+2*i {
					t.Errorf("request %d: choice %q, %d tools, %d messages", i, req.ToolChoice, len(req.Tools), len(req.Messages))
				}
			}
		})
	}
}

// What is no object is asked for in one; the model is told each mistake of its own answer.
func TestCallModelForAList(t *testing.T) {
	t.Parallel()
	call := func(args string) graphtest.Turn {
		return graphtest.Ask(graphs.ToolCall{ID: "c", Name: "answer", Args: json.RawMessage(args)})
	}
	model := graphtest.NewModel(call(`{"value":"a"}`), call(`{"value":["a","b"]}`))
	got, err := graphs.CallModelFor[[]string](t.Context(), model, graphs.ModelRequest{Messages: []graphs.Message{graphs.Human("?")}}, 2)
	if diff := cmp.Diff([]string{"a", "b"}, got); diff != "" || err != nil {
		t.Fatal(err, diff)
	}
	told := model.Requests()[1].Messages
	if last := told[len(told)-1]; last.Status != graphs.StatusError || last.ToolCallID != "c" || !strings.Contains(last.Text(), "array") {
		t.Errorf("told %+v", last)
	}
}
