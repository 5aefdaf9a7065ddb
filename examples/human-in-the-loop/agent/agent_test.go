package agent

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/graphtest"
	"github.com/locutory/locutory/graphs/memory"
)

func resume(answer string) graphs.Input {
	return graphs.Input{Command: &graphs.InputCommand{HasResume: true, Resume: json.RawMessage(answer)}}
}

func TestLetter(t *testing.T) {
	t.Parallel()
	letter, err := Letter.Compile()
	if err != nil {
		t.Fatal(err)
	}
	for answer, want := range map[string]string{
		`{"approved":true}`:                      `Sent as nobody: Dear Bob, ...`,
		`{"approved":true,"edit":"Bob: no."}`:    `Sent as nobody: Bob: no.`,
		`{"approved":false,"edit":"not looked"}`: ``,
	} {
		cfg := graphs.Config{Saver: memory.New()}
		asked := graphtest.Run(t, letter, graphs.Input{Value: json.RawMessage(`{"messages":"Write to Bob."}`)}, cfg)
		if len(asked.Interrupts) != 1 || string(asked.Interrupts[0].Value) != `{"question":"Send this?","draft":"Dear Bob, ..."}` {
			t.Fatalf("asked %+v, %v", asked.Interrupts, asked.Err)
		}
		end := graphtest.Run(t, letter, resume(answer), cfg)
		said := string(end.Values["messages"])
		if end.Err != nil || (want == "") == strings.Contains(said, "Sent") || !strings.Contains(said, want) {
			t.Errorf("%s: %s, %v", answer, said, end.Err)
		}
	}
}

// Nothing is deleted before a person has said so, and not what the person has not seen.
func TestAgent(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		`{"decisions":[{"type":"approve"}]}`: "taxes.pdf is deleted.",
		`{"decisions":[{"type":"edit","edited_action":{"name":"delete_file","args":{"name":"draft.txt"}}}]}`: "draft.txt is deleted.",
		`{"decisions":[{"type":"reject","message":"I need it."}]}`:                                           "I need it.",
	} {
		model := graphtest.NewModel(
			graphtest.Ask(graphs.ToolCall{ID: "1", Name: "list_files"}),
			graphtest.Ask(graphs.ToolCall{ID: "2", Name: "delete_file", Args: json.RawMessage(`{"name":"taxes.pdf"}`)}), graphtest.Say("Done."))
		agent, err := New(model).Compile()
		if err != nil {
			t.Fatal(err)
		}
		cfg := graphs.Config{Saver: memory.New()}
		asked := graphtest.Run(t, agent, graphs.Input{Value: json.RawMessage(`{"messages":"Tidy up."}`)}, cfg)
		if len(asked.Interrupts) != 1 || strings.Contains(string(asked.Values["messages"]), "is deleted") {
			t.Fatalf("asked %+v, %v", asked.Interrupts, asked.Err)
		}
		end := graphtest.Run(t, agent, resume(answer), cfg)
		said := string(end.Values["messages"])
		if end.Err != nil || !strings.Contains(said, want) || strings.Count(said, "is deleted") > 1 || !strings.Contains(said, "Done.") {
			t.Errorf("%s: %s, %v", answer, said, end.Err)
		}
	}
}
