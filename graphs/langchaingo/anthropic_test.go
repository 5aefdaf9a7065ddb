package langchaingo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/locutory/locutory/graphs"
	"github.com/tmc/langchaingo/llms/anthropic"
)

// The events of a message, as Anthropic's API sends them.
const (
	claudeBegins = `{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude","content":[],"stop_reason":null,"usage":{"input_tokens":25,"cache_read_input_tokens":7,"cache_creation_input_tokens":2,"output_tokens":1}}}`
	claudePing   = `{"type": "ping"}`
	claudeEnds   = `{"type":"message_stop"}`
	claudeFails  = `{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}`
)

func claudeBlock(index int, block string, deltas ...string) []string {
	events := []string{fmt.Sprintf(`{"type":"content_block_start","index":%d,"content_block":%s}`, index, block)}
	for _, d := range deltas {
		events = append(events, fmt.Sprintf(`{"type":"content_block_delta","index":%d,"delta":%s}`, index, d))
	}
	return append(events, fmt.Sprintf(`{"type":"content_block_stop","index":%d}`, index))
}

func claudeText(index int, pieces ...string) []string {
	var deltas []string
	for _, p := range pieces {
		deltas = append(deltas, fmt.Sprintf(`{"type":"text_delta","text":%q}`, p))
	}
	return claudeBlock(index, `{"type":"text","text":""}`, deltas...)
}

func claudeStops(reason string) string {
	return `{"type":"message_delta","delta":{"stop_reason":"` + reason + `","stop_sequence":null},"usage":{"output_tokens":15}}`
}

func events(parts ...any) (all []string) {
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			all = append(all, p)
		case []string:
			all = append(all, p...)
		}
	}
	return all
}

// claude is a model behind a server that sends these events; hold, if not nil, is waited for after the first text.
func claude(t *testing.T, hold <-chan struct{}, events []string) graphs.ChatModel {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		held := hold
		for _, e := range events {
			var typed struct{ Type string }
			if err := json.Unmarshal([]byte(e), &typed); err != nil {
				t.Error(err)
			}
			_, _ = fmt.Fprintf(w, "event: %s\ndata: %s\n\n", typed.Type, e)
			if http.NewResponseController(w).Flush() != nil {
				return
			}
			if held != nil && strings.Contains(e, "text_delta") {
				select {
				case <-held:
				case <-r.Context().Done():
					return
				}
				held = nil
			}
		}
	}))
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		server.Close()
	})
	llm, err := anthropic.New(anthropic.WithBaseURL(server.URL), anthropic.WithToken("x"), anthropic.WithModel("claude"),
		anthropic.WithHTTPClient(&AnthropicClient{Client: client}))
	if err != nil {
		t.Fatal(err)
	}
	return Model(llm)
}

func TestAnthropicStream(t *testing.T) {
	t.Parallel()
	model := claude(t, nil, events(claudeBegins, claudePing, claudeText(0, "Let me ", "look."),
		claudeBlock(1, `{"type":"tool_use","id":"toolu_1","name":"weather","input":{}}`, `{"type":"input_json_delta","partial_json":""}`,
			`{"type":"input_json_delta","partial_json":"{\"city\": "}`, `{"type":"input_json_delta","partial_json":"\"Rome\"}"}`),
		claudeBlock(2, `{"type":"tool_use","id":"toolu_2","name":"weather","input":{}}`, `{"type":"input_json_delta","partial_json":"{\"city\": \"Oslo\"}"}`),
		claudeStops("tool_use"), claudeEnds))
	var texts []string
	var indexes []int
	var all graphs.Accumulator
	req := ask("hi")
	req.Tools = []graphs.Tool{weather}
	for c, err := range model.Stream(t.Context(), req) {
		if err != nil {
			t.Fatal(err)
		}
		all.Add(c)
		if !c.Content.IsEmpty() {
			texts = append(texts, c.Content.Text)
		}
		for _, piece := range c.ToolCallChunks {
			indexes = append(indexes, piece.Index)
		}
	}
	got := all.Message()
	want := []graphs.ToolCall{
		{ID: "toolu_1", Name: "weather", Args: json.RawMessage(`{"city":"Rome"}`)}, {ID: "toolu_2", Name: "weather", Args: json.RawMessage(`{"city":"Oslo"}`)},
	}
	if diff := cmp.Diff(want, got.ToolCalls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Let me ", "look."}, texts); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{0, 1}, indexes); diff != "" {
		t.Errorf("indexes (-want +got):\n%s", diff)
	}
	usage := &graphs.Usage{InputTokens: 34, OutputTokens: 15, TotalTokens: 49, InputTokenDetails: map[string]int{"cache_read": 7, "cache_creation": 2}}
	if diff := cmp.Diff(usage, got.UsageMetadata); diff != "" {
		t.Errorf("usage (-want +got):\n%s", diff)
	}
	if reason := string(got.ResponseMetadata["finish_reason"]); reason != `"tool_use"` {
		t.Errorf("finish reason %s", reason)
	}
}

// None of these is an answer, and goleak sees that nothing of them stays.
func TestAnthropicIsNoAnswer(t *testing.T) {
	t.Parallel()
	part := claudeText(0, "Hel", "lo")[:2]
	for name, sent := range map[string][]string{
		"error in mid-stream":           events(claudeBegins, part, claudeFails),
		"error, and the stream goes on": events(claudeBegins, part, claudeFails, claudePing, claudeStops("end_turn"), claudeEnds),
		"error at once":                 events(claudeFails),
		"cut in mid-text":               events(claudeBegins, part),
		"cut before the end":            events(claudeBegins, claudeText(0, "Hello"), claudeStops("end_turn")),
		"arguments that are cut": events(claudeBegins,
			claudeBlock(0, `{"type":"tool_use","id":"t","name":"weather","input":{}}`, `{"type":"input_json_delta","partial_json":"{\"ci"}`), claudeStops("max_tokens"), claudeEnds),
		"nothing": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := graphs.CallModel(t.Context(), claude(t, nil, sent), ask("hi"))
			if err == nil || got.Text() != "" {
				t.Errorf("got %q, %v", got.Text(), err)
			}
			if strings.HasPrefix(name, "error") && !strings.Contains(err.Error(), "Overloaded") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Which tool has to be called reaches the API, by whatever name it has there.
func TestAnthropicToolChoice(t *testing.T) {
	t.Parallel()
	var sent map[string]any
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = nil
		if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
			t.Error(err)
		}
		for _, e := range events(claudeBegins, claudeText(0, "ok"), claudeStops("end_turn"), claudeEnds) {
			_, _ = fmt.Fprintf(w, "data: %s\n\n", e)
		}
	}))
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		server.Close()
	})
	llm, err := anthropic.New(anthropic.WithBaseURL(server.URL), anthropic.WithToken("x"), anthropic.WithHTTPClient(&AnthropicClient{Client: client}))
	if err != nil {
		t.Fatal(err)
	}
	for choice, want := range map[string]any{
		"": nil, "auto": map[string]any{"type": "auto"}, "required": map[string]any{"type": "any"}, "weather": map[string]any{"type": "tool", "name": "weather"},
	} {
		req := ask("hi")
		req.Tools, req.ToolChoice = []graphs.Tool{weather}, choice
		if _, err := graphs.CallModel(t.Context(), Model(llm), req); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, sent["tool_choice"]); diff != "" || sent["model"] == nil || sent["tools"] == nil {
			t.Errorf("%q: sent %v (-want +got):\n%s", choice, sent, diff)
		}
	}
}

func TestAnthropicCancelInMidStream(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	model := claude(t, make(chan struct{}), events(claudeBegins, claudeText(0, "Hel", "lo"), claudeStops("end_turn"), claudeEnds))
	got, err := graphs.CallModel(ctx, watched{model, cancel}, ask("hi"))
	if !errors.Is(err, context.Canceled) || got.Text() != "" {
		t.Errorf("got %q, %v", got.Text(), err)
	}
}

func TestAnthropicBreak(t *testing.T) {
	t.Parallel()
	for _, err := range claude(t, make(chan struct{}), events(claudeBegins, claudeText(0, "Hel", "lo"))).Stream(t.Context(), ask("hi")) {
		if err != nil {
			t.Error(err)
		}
		break // goleak finds what would stay
	}
}
