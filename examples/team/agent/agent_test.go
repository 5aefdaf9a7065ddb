package agent

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
	"github.com/locutory/locutory/graphs/memory"
)

func ask(id, tool, args string) graphs.ToolCall {
	return graphs.ToolCall{ID: id, Name: tool, Args: json.RawMessage(args)}
}

func end(t *testing.T, source graphs.Source) []graphs.Message {
	t.Helper()
	graph, err := source.Load(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	in := graphs.Input{Value: json.RawMessage(`{"messages":"What is a plum, and how many words is that?"}`)}
	state, err := graphs.Invoke[graphs.MessagesState](t.Context(), graph, in, graphs.Config{Saver: memory.New()})
	if err != nil {
		t.Fatal(err)
	}
	return state.Messages
}

func TestDeep(t *testing.T) {
	t.Parallel()
	head := graphtest.NewModel(graphtest.Ask(
		ask("1", "task", `{"description":"plum","subagent_type":"researcher"}`), ask("2", "task", `{"description":"count","subagent_type":"counter"}`),
	), graphtest.Say("A fruit, in two words."))
	msgs := end(t, NewDeep(head, graphtest.NewModel(graphtest.Say("report"))))
	if len(msgs) != 5 || msgs[2].Text() != "report" || msgs[3].Text() != "report" || msgs[4].Text() != "A fruit, in two words." {
		t.Errorf("%+v", msgs)
	}
}

func TestSupervisor(t *testing.T) {
	t.Parallel()
	head := graphtest.NewModel(graphtest.Ask(ask("1", "transfer_to_researcher", `{}`)), graphtest.Ask(ask("2", "forward_message", `{"from_agent":"researcher"}`)))
	others := graphtest.NewModel(graphtest.Ask(ask("3", "look_up", `{"text":"plum"}`)), graphtest.Say("A plum is a fruit."))
	msgs := end(t, NewSupervisor(head, others))
	last := msgs[len(msgs)-1]
	if last.Text() != "A plum is a fruit." || last.Name != "supervisor" || strings.Contains(msgs[3].Text(), "knows nothing else") {
		t.Errorf("%+v", msgs)
	}
}
