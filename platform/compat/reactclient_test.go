package compat

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// The official client runs each graph of the set against the built server, and sees what the recordings and the page of the graphs say.
// What it saw is in testdata/react.jsonl, one line for each graph.
func TestReactWithTheOfficialClient(t *testing.T) {
	t.Parallel()
	const path = "testdata/react.jsonl"
	const said = `{"messages": [{"role": "user", "content": "go", "id": "in-1"}]}`
	type run struct {
		Graph   string            `json:"graph"`
		Input   json.RawMessage   `json:"input"`
		Answers []json.RawMessage `json:"answers,omitempty"`
	}
	special := map[string]run{
		"interrupt_graph":        {Input: json.RawMessage(`{"request": "send mail"}`), Answers: answers(`{"approved": true}`)},
		"interrupt_once_graph":   {Input: json.RawMessage(`{"request": "r"}`), Answers: answers(`"yes"`)},
		"nested_interrupt_graph": {Input: json.RawMessage(`{"request": "deep"}`), Answers: answers(`{"approved": true}`)},
		"multi_interrupt_graph":  {Input: json.RawMessage(`{"prompts": ["a"]}`), Answers: answers(`"ok a"`)},
		"deep_agent_interrupt":   {Input: json.RawMessage(said), Answers: answers(`{"approved": true}`)},
		"interrupt_card_graph":   {Input: json.RawMessage(said), Answers: answers(`{"approved": true}`)},
		"headless_tool_graph":    {Input: json.RawMessage(said), Answers: answers(`{"latitude": 1, "longitude": 2}`)},
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	graphs := graphSet(t, "react").Graphs
	if lines := strings.Count(string(want), "\n"); lines != len(graphs) {
		t.Fatalf("%s: %d lines of %d graphs", path, lines, len(graphs))
	}
	var runs []run
	for line := range strings.Lines(string(want)) {
		var of struct{ Graph string }
		if err := json.Unmarshal([]byte(line), &of); err != nil {
			t.Fatal(err)
		}
		r, ok := special[of.Graph]
		if r.Graph = of.Graph; !ok {
			r.Input = json.RawMessage(said)
		}
		runs = append(runs, r)
	}
	cases, err := json.Marshal(runs)
	if err != nil {
		t.Fatal(err)
	}
	client, built := clientsOf("react")[0], binary(t, "graphs/react/platform.json")
	databases(t, func(t *testing.T, uri string) {
		got := client.run(t, start(t, built, "DATABASE_URI="+uri).URL, string(cases))
		expected, lines := strings.Split(string(want), "\n"), strings.Split(got, "\n")
		if len(lines) != len(expected) {
			t.Fatalf("%d lines, want %d:\n%s", len(lines), len(expected), got)
		}
		for i, line := range lines {
			if line != expected[i] {
				t.Errorf("the client saw\n%s\nand %s:%d has\n%s", line, path, i+1, expected[i])
			}
		}
	})
}

func answers(list ...string) []json.RawMessage {
	out := make([]json.RawMessage, len(list))
	for i, answer := range list {
		out[i] = json.RawMessage(answer)
	}
	return out
}
