package agent

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
	"github.com/locutory/locutory/graphs/memory"
)

func call(id, tool, args string) graphs.ToolCall {
	return graphs.ToolCall{ID: id, Name: tool, Args: json.RawMessage(args)}
}

func TestAgent(t *testing.T) {
	t.Parallel()
	model := graphtest.NewModel(
		graphtest.Ask(call("1", "add_item", `{"name":"plums"}`), call("2", "add_item", `{"name":"tea"}`), call("3", "save_note", `{"title":"","text":"x"}`)),
		graphtest.Ask(call("4", "read_list", `{}`), call("5", "save_note", `{"title":"Bob","text":"likes plums"}`)),
		graphtest.Ask(call("6", "read_notes", `{}`)), graphtest.Say("Done."))
	agent, err := New(model).Compile()
	if err != nil {
		t.Fatal(err)
	}
	in := graphs.Input{Value: State{MessagesState: graphs.MessagesState{Messages: []graphs.Message{graphs.Human("plums and tea; Bob likes plums")}}}}
	end, err := graphs.Invoke[State](graphtest.Guard(t.Context()), agent, in, graphs.Config{Saver: memory.New(), Store: &memory.Store{}})
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]string{}
	for _, m := range end.Messages {
		if m.Type == graphs.TypeTool {
			told[m.ToolCallID] = m.Text()
		}
	}
	want := map[string]string{
		"1": "plums is on the list.", "2": "tea is on the list.", "3": "Error: a note needs a title",
		"4": "plums, tea", "5": "Kept.", "6": `[{"title":"Bob","text":"likes plums"}]`,
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := strings.Join(end.Shopping, " "); got != "plums tea" {
		t.Errorf("list %q", got)
	}
}
