package langchaingo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/langchaingo/openaistub"
	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/llms/anthropic"
	"github.com/tmc/langchaingo/llms/openai"
)

// watched calls first after the first chunk of the model.
type watched struct {
	graphs.ChatModel
	first func()
}

func (w watched) Stream(ctx context.Context, req graphs.ModelRequest) iter.Seq2[graphs.MessageChunk, error] {
	return func(yield func(graphs.MessageChunk, error) bool) {
		for c, err := range w.ChatModel.Stream(ctx, req) {
			if !yield(c, err) {
				return
			}
			w.first()
		}
	}
}

// theirs is langchaingo's own client of OpenAI, which has the faults that Model guards against.
func theirs(t *testing.T, turns ...openaistub.Turn) graphs.ChatModel {
	t.Helper()
	stub := openaistub.New(turns...)
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		stub.Close()
	})
	model, err := openai.New(openai.WithBaseURL(stub.URL), openai.WithToken("x"), openai.WithModel("m"), openai.WithHTTPClient(client))
	if err != nil {
		t.Fatal(err)
	}
	return Model(model)
}

func TestModelStreamsText(t *testing.T) {
	t.Parallel()
	var texts []string
	model := theirs(t, openaistub.Text("Hel", "lo"))
	for c, err := range model.Stream(t.Context(), ask("hi")) {
		if err != nil {
			t.Fatal(err)
		}
		if !c.Content.IsEmpty() {
			texts = append(texts, c.Content.Text)
		}
	}
	if diff := cmp.Diff([]string{"Hel", "lo"}, texts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if info := model.Info(); info.Provider != "openai" {
		t.Errorf("provider %q", info.Provider)
	}
}

func TestModelGuardsCancelInMidStream(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{}, 1)
	gate <- struct{}{}
	turn := openaistub.Text("Hel", "lo")
	turn.Gate = gate
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	got, err := graphs.CallModel(ctx, watched{theirs(t, turn), cancel}, ask("hi"))
	if !errors.Is(err, context.Canceled) || got.Text() != "" {
		t.Errorf("got %q, %v", got.Text(), err)
	}
}

func TestModelGuardsErrorInStream(t *testing.T) {
	t.Parallel()
	failing := openaistub.Text("Hel")
	failing.Error = "the server is overloaded"
	got, err := graphs.CallModel(t.Context(), theirs(t, failing), ask("hi"))
	if err == nil || got.Text() != "" {
		t.Errorf("got %q, %v: a part was taken for the answer", got.Text(), err)
	}
}

// scripted is a langchaingo model: it streams pieces through the callback, then answers.
type scripted struct {
	stream []string
	answer *llms.ContentResponse
	err    error
	seen   []llms.MessageContent
	opts   llms.CallOptions
}

func (s *scripted) Call(context.Context, string, ...llms.CallOption) (string, error) {
	return "", errors.New("unused")
}

func (s *scripted) GenerateContent(ctx context.Context, msgs []llms.MessageContent, opts ...llms.CallOption) (*llms.ContentResponse, error) {
	s.seen, s.opts = msgs, collect(opts)
	for _, piece := range s.stream {
		if s.opts.StreamingFunc != nil {
			if err := s.opts.StreamingFunc(ctx, []byte(piece)); err != nil {
				return nil, err
			}
		}
	}
	if s.answer != nil && s.answer.Choices == nil {
		panic("no choices")
	}
	return s.answer, s.err
}

func answered(text string, calls ...llms.ToolCall) *llms.ContentResponse {
	return &llms.ContentResponse{Choices: []*llms.ContentChoice{{Content: text, ToolCalls: calls, StopReason: "stop"}}}
}

func TestModelOfAny(t *testing.T) {
	t.Parallel()
	call := llms.ToolCall{ID: "c", FunctionCall: &llms.FunctionCall{Name: "weather", Arguments: `{"city":"Rome"}`}}
	calls := []graphs.ToolCall{{ID: "c", Name: "weather", Args: json.RawMessage(`{"city":"Rome"}`)}}
	broken := errors.New("broken")
	for _, tc := range []struct {
		name  string
		model scripted
		text  string
		calls []graphs.ToolCall
		err   error
	}{
		{name: "streams all", model: scripted{stream: []string{"a", "b"}, answer: answered("ab")}, text: "ab"},
		{name: "ignores the callback", model: scripted{answer: answered("ab")}, text: "ab"},
		{name: "streams a part", model: scripted{stream: []string{"a"}, answer: answered("ab")}, text: "ab"},
		{name: "streams something else", model: scripted{stream: []string{"x"}, answer: answered("ab")}, err: ErrGarbled},
		{
			name: "calls in the text's callback",
			model: scripted{
				stream: []string{"a", `[{"id":"c","type":"function","function":{"name":"weather","arguments":"{\"city\""}}]`, "b"},
				answer: answered("ab", call),
			},
			text: "ab", calls: calls,
		},
		{name: "JSON that is text", model: scripted{stream: []string{`[1]`}, answer: answered(`[1]`)}, text: `[1]`},
		{name: "fails after a part", model: scripted{stream: []string{"a"}, err: broken}, err: broken},
		{name: "neither answer nor error", model: scripted{}, err: graphs.ErrNoAnswer},
		{
			name: "a choice of each block", model: scripted{answer: &llms.ContentResponse{Choices: []*llms.ContentChoice{
				{Content: "ab"}, {ToolCalls: []llms.ToolCall{call}, StopReason: "tool_use"},
			}}}, text: "ab", calls: calls,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			req := ask("hi")
			req.Tools = []graphs.Tool{weather}
			got, err := graphs.CallModel(t.Context(), Model(&tc.model), req)
			if !errors.Is(err, tc.err) || (err == nil) != (tc.err == nil) {
				t.Fatalf("got %v, want %v", err, tc.err)
			}
			if diff := cmp.Diff(tc.calls, got.ToolCalls); diff != "" || got.Text() != tc.text {
				t.Errorf("text %q; calls (-want +got):\n%s", got.Text(), diff)
			}
		})
	}
}

func TestModelPanicIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := graphs.CallModel(t.Context(), Model(&scripted{answer: &llms.ContentResponse{}}), ask("hi")); err == nil {
		t.Error("no error")
	}
}

func TestModelBreak(t *testing.T) {
	t.Parallel()
	for c, err := range Model(&scripted{stream: []string{"a", "b"}, answer: answered("ab")}).Stream(t.Context(), ask("hi")) {
		if err != nil || c.Content.Text != "a" {
			t.Errorf("got %+v, %v", c, err)
		}
		break // goleak finds what would stay
	}
}

// Anthropic's client reads one part of a message: each call gets a message of its own.
func TestModelAnthropic(t *testing.T) {
	t.Parallel()
	var asked struct {
		Messages []struct {
			Role    string            `json:"role"`
			Content []json.RawMessage `json:"content"`
		} `json:"messages"`
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
			t.Error(err)
		}
		for _, event := range []string{
			`{"type":"message_start","message":{"id":"m","role":"assistant","usage":{"input_tokens":3}}}`,
			`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Let me "}}`,
			`{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"look"}}`,
			`{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"c9","name":"weather"}}`,
			`{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"city\":\"Rome\"}"}}`,
			`{"type":"content_block_stop","index":1}`,
			`{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":2}}`,
			`{"type":"message_stop"}`,
		} {
			_, _ = fmt.Fprintf(w, "data: %s\n\n", event)
		}
	}))
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		server.Close()
	})
	llm, err := anthropic.New(anthropic.WithBaseURL(server.URL), anthropic.WithToken("x"), anthropic.WithModel("claude"), anthropic.WithHTTPClient(client))
	if err != nil {
		t.Fatal(err)
	}
	req := graphs.ModelRequest{Tools: []graphs.Tool{weather}, Messages: []graphs.Message{
		graphs.Human("both"), graphs.AI("ok", bothCalls...), graphs.ToolResult("call_a", "1"), graphs.ToolResult("call_b", "2"),
	}}
	got, err := graphs.CallModel(t.Context(), Model(llm), req)
	if err != nil {
		t.Fatal(err)
	}
	want := []graphs.ToolCall{{ID: "c9", Name: "weather", Args: json.RawMessage(`{"city":"Rome"}`)}}
	if diff := cmp.Diff(want, got.ToolCalls); diff != "" || got.Text() != "Let me look" {
		t.Errorf("text %q; calls (-want +got):\n%s", got.Text(), diff)
	}
	if diff := cmp.Diff(&graphs.Usage{InputTokens: 3, OutputTokens: 2, TotalTokens: 5}, got.UsageMetadata); diff != "" {
		t.Errorf("usage (-want +got):\n%s", diff)
	}
	var roles []string
	for _, m := range asked.Messages {
		roles = append(roles, m.Role)
	}
	if diff := cmp.Diff([]string{"user", "assistant", "assistant", "assistant", "user", "user"}, roles); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
}
