package sdk_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/sdk"
)

func TestToken(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, event, data, want string }{
		{"a chunk", "messages", `[{"type":"AIMessageChunk","id":"m","content":"Let me "},{}]`, "Let me "},
		{"a whole message", "messages", `[{"type":"ai","id":"m","content":"Hi."},{}]`, "Hi."},
		{"of a subgraph", "messages|child:1c2", `[{"type":"ai","id":"m","content":"Hi."},{}]`, "Hi."},
		{"blocks", "messages", `[{"type":"ai","content":[{"type":"text","text":"a"},{"type":"image"},"b"]},{}]`, "ab"},
		{"a tool's answer is no token", "messages", `[{"type":"tool","id":"m","content":"42F"},{}]`, ""},
		{"a tool call is no token", "messages", `[{"type":"AIMessageChunk","content":"","tool_call_chunks":[{"args":"{"}]},{}]`, ""},
		{"another mode", "values", `[{"type":"ai","content":"Hi."},{}]`, ""},
		{"the older form", "messages/partial", `[{"type":"ai","content":"Hi."}]`, ""},
		{"nonsense", "messages", `{"a":`, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			token, ok := sdk.Event{Name: test.event, Data: []byte(test.data)}.Token()
			if token != test.want || ok != (test.want != "") {
				t.Errorf("got %q, %v; want %q", token, ok, test.want)
			}
		})
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	event := sdk.Event{Name: "messages", Data: []byte(`[{"type":"ai","id":"m","content":"","name":null,"additional_kwargs":{},"usage_metadata":null,
		"tool_calls":[{"name":"weather","args":{"city":"sf"},"id":"call_1","type":"tool_call"}]},{"langgraph_node":"agent"}]`)}
	message, metadata, ok := event.Message()
	if !ok || len(message.ToolCalls) != 1 || message.ToolCalls[0].Name != "weather" || metadata["langgraph_node"] != "agent" {
		t.Errorf("got %+v, %v, %v", message, metadata, ok)
	}
}

func TestEventNames(t *testing.T) {
	t.Parallel()
	event := sdk.Event{Name: "updates|child:640428ce|grand:7f", Data: []byte(`{"a":1}`)}
	if diff := cmp.Diff([]string{"child:640428ce", "grand:7f"}, event.Namespace()); diff != "" || event.Mode() != "updates" {
		t.Errorf("mode %q; -want +got:\n%s", event.Mode(), diff)
	}
	if root := (sdk.Event{Name: "values"}); root.Namespace() != nil || root.Mode() != "values" {
		t.Errorf("of the root: %q, %q", root.Mode(), root.Namespace())
	}
	var data struct{ A int }
	if err := event.Decode(&data); err != nil || data.A != 1 {
		t.Errorf("decoded %+v, %v", data, err)
	}
	if err := (sdk.Event{Name: "end"}).Decode(&data); err == nil {
		t.Error("decoded nothing without an error")
	}
}

func TestInterrupts(t *testing.T) {
	t.Parallel()
	const asks = `{"__interrupt__":[{"value":{"q":"ok?"},"id":"8ef2"}]}`
	want := []sdk.Interrupt{{Value: []byte(`{"q":"ok?"}`), ID: "8ef2"}}
	if diff := cmp.Diff(want, sdk.Event{Name: "updates", Data: []byte(asks)}.Interrupts()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for name, event := range map[string]sdk.Event{
		"a breakpoint":      {Name: "updates", Data: []byte(`{"__interrupt__":[]}`)},
		"no interrupt":      {Name: "updates", Data: []byte(`{"agent":null}`)},
		"said in a message": {Name: "updates", Data: []byte(`{"agent":{"text":"\"__interrupt__\""}}`)},
		"another mode":      {Name: "custom", Data: []byte(asks)},
	} {
		if got := event.Interrupts(); len(got) != 0 {
			t.Errorf("%s: got %v", name, got)
		}
	}

	// In a stream the same question comes from the subgraph, from the graph and with the state.
	s := newServer(t)
	s.on("POST /threads/T/runs/stream", streams(
		event(1, "updates|child:1", asks)+event(2, "updates", asks)+event(3, "values", `{"a":1,"__interrupt__":[{"value":{"q":"ok?"},"id":"8ef2"}]}`)))
	client, _ := s.client(sdk.Config{})
	var got []sdk.Interrupt
	for event, err := range client.Runs.Stream(t.Context(), "T", "agent", sdk.RunCreate{}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, event.Interrupts()...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("of the stream: -want +got:\n%s", diff)
	}
}
