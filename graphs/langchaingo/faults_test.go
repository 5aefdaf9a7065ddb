package langchaingo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/langchaingo/openaistub"
	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/llms/fake"
	"github.com/tmc/langchaingo/llms/ollama"
)

// langchaingo's client of OpenAI mixes up calls whose pieces come in turns: so it is not asked to stream them.
func TestModelKeepsInterleavedCallsApart(t *testing.T) {
	t.Parallel()
	req := ask("both")
	req.Tools = []graphs.Tool{weather}
	got, err := graphs.CallModel(t.Context(), theirs(t, interleaved()), req)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(bothCalls, got.ToolCalls); diff != "" || got.Text() != "Both: wait" {
		t.Errorf("text %q; calls (-want +got):\n%s", got.Text(), diff)
	}
	if got.UsageMetadata == nil || got.UsageMetadata.TotalTokens != 13 {
		t.Errorf("usage %+v", got.UsageMetadata)
	}
}

// It takes a stream that is cut for a whole one.
func TestModelGuardsCutStream(t *testing.T) {
	t.Parallel()
	for _, raw := range []bool{false, true} {
		turn := openaistub.Text("Hel", "lo")
		turn.Cut = !raw
		if raw { // ends cleanly, but without a reason
			turn.Deltas = append(turn.Deltas, openaistub.Delta{Raw: "[DONE]"})
		}
		got, err := graphs.CallModel(t.Context(), theirs(t, turn), ask("hi"))
		if err == nil || got.Text() != "" {
			t.Errorf("raw %v: got %q, %v", raw, got.Text(), err)
		}
	}
}

// llms/fake ignores the callback and the context: its answer comes in one piece, and not at all to who has gone.
func TestModelOfFake(t *testing.T) {
	t.Parallel()
	model := Model(fake.NewFakeLLM([]string{"one", "two"}))
	var texts []string
	for c, err := range model.Stream(t.Context(), ask("hi")) {
		if err != nil {
			t.Fatal(err)
		}
		if !c.Content.IsEmpty() {
			texts = append(texts, c.Content.Text)
		}
	}
	if diff := cmp.Diff([]string{"one"}, texts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := graphs.CallModel(ctx, model, ask("hi")); !errors.Is(err, context.Canceled) || got.Text() != "" {
		t.Errorf("cancelled: %q, %v", got.Text(), err)
	}
}

// llama is a model behind a server that sends these lines, as Ollama does.
func llama(t *testing.T, lines ...string) graphs.ChatModel {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		for _, line := range lines {
			if line == "cut" {
				panic(http.ErrAbortHandler)
			}
			_, _ = fmt.Fprintln(w, line)
			_ = http.NewResponseController(w).Flush() // a client that is gone reads nothing
		}
	}))
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		server.Close()
	})
	llm, err := ollama.New(ollama.WithServerURL(server.URL), ollama.WithModel("llama"), ollama.WithHTTPClient(client))
	if err != nil {
		t.Fatal(err)
	}
	return Model(llm)
}

func llamaSays(text string) string {
	return fmt.Sprintf(`{"model":"llama","message":{"role":"assistant","content":%q},"done":false}`, text)
}

const llamaEnds = `{"model":"llama","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":26,"eval_count":4}`

func TestModelOfOllama(t *testing.T) {
	t.Parallel()
	got, err := graphs.CallModel(t.Context(), llama(t, llamaSays("Hel"), llamaSays("lo"), llamaEnds), ask("hi"))
	if err != nil || got.Text() != "Hello" {
		t.Fatalf("got %q, %v", got.Text(), err)
	}
	if diff := cmp.Diff(&graphs.Usage{InputTokens: 26, OutputTokens: 4, TotalTokens: 30}, got.UsageMetadata); diff != "" {
		t.Errorf("usage (-want +got):\n%s", diff)
	}
	for name, lines := range map[string][]string{
		"cut":                 {llamaSays("Hel"), "cut"},
		"ends too soon":       {llamaSays("Hel")},
		"nothing":             {},
		"error in the stream": {llamaSays("Hel"), `{"error":"out of memory"}`},
	} {
		if got, err := graphs.CallModel(t.Context(), llama(t, lines...), ask("hi")); err == nil || got.Text() != "" {
			t.Errorf("%s: got %q, %v", name, got.Text(), err)
		}
	}
	req := ask("hi")
	req.Tools = []graphs.Tool{weather}
	if _, err := graphs.CallModel(t.Context(), llama(t, llamaEnds), req); !errors.Is(err, ErrNoTools) {
		t.Errorf("with tools: %v", err)
	}
}

func TestUsageOfEachClient(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		info map[string]any
		want *graphs.Usage
	}{
		"openai": {
			map[string]any{"PromptTokens": 9, "CompletionTokens": 4, "TotalTokens": 13, "ReasoningTokens": 2, "PromptCachedTokens": 3, "PromptAudioTokens": 1, "CompletionAudioTokens": 1},
			&graphs.Usage{InputTokens: 9, OutputTokens: 4, TotalTokens: 13, InputTokenDetails: map[string]int{"audio": 1, "cache_read": 3}, OutputTokenDetails: map[string]int{"audio": 1, "reasoning": 2}},
		},
		"anthropic": {
			map[string]any{"InputTokens": 9, "OutputTokens": 4, "CacheReadInputTokens": 3, "CacheCreationInputTokens": 1},
			&graphs.Usage{InputTokens: 13, OutputTokens: 4, TotalTokens: 17, InputTokenDetails: map[string]int{"cache_read": 3, "cache_creation": 1}},
		},
		"google":  {map[string]any{"input_tokens": int32(10), "output_tokens": int32(5), "total_tokens": int32(15)}, &graphs.Usage{InputTokens: 10, OutputTokens: 5, TotalTokens: 15}},
		"nothing": {map[string]any{"PromptTokens": "9"}, nil},
	} {
		if diff := cmp.Diff(tc.want, usageOf(tc.info)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

type city struct {
	Name  string `json:"name"`
	Sunny bool   `json:"sunny"`
}

func TestStructured(t *testing.T) {
	t.Parallel()
	for _, way := range []Outputs{OutputsBySchema, OutputsByJSON, OutputsByTool} {
		t.Run(string(way), func(t *testing.T) {
			t.Parallel()
			says := func(args string) openaistub.Turn {
				if way == OutputsByTool {
					return openaistub.Call("c", "city", args[:3], args[3:])
				}
				return openaistub.Text(args[:3], args[3:])
			}
			model, stub := setup(t, says(`{"name":3}`), says(`{"name":"Rome","sunny":true}`))
			model.cfg.Outputs = way
			got, err := NewStructured[city](model, llms.WithTemperature(0.1)).Call(t.Context(), "Which?")
			if diff := cmp.Diff(city{"Rome", true}, got); diff != "" || err != nil {
				t.Fatalf("%v %s", err, diff)
			}
			var sent struct {
				Messages       []map[string]any `json:"messages"`
				Tools          []any            `json:"tools"`
				Temperature    float64          `json:"temperature"`
				ResponseFormat map[string]any   `json:"response_format"`
			}
			if err := json.Unmarshal(stub.Requests()[1].Raw, &sent); err != nil {
				t.Fatal(err)
			}
			format, _ := sent.ResponseFormat["type"].(string)
			if way == OutputsByTool && (format != "" || len(sent.Tools) != 1) || way != OutputsByTool && (format != string(way) || len(sent.Tools) != 0) {
				t.Errorf("format %q, %d tools", format, len(sent.Tools))
			}
			want := map[Outputs]int{OutputsBySchema: 3, OutputsByJSON: 4, OutputsByTool: 3}[way] // the question, the mistake, the correction
			if len(sent.Messages) != want || sent.Temperature != 0.1 {
				t.Errorf("%d messages, temperature %v", len(sent.Messages), sent.Temperature)
			}
		})
	}
	t.Run("of a client without outputs", func(t *testing.T) {
		t.Parallel()
		call := llms.ToolCall{ID: "c", FunctionCall: &llms.FunctionCall{Name: "city", Arguments: `{"name":"Rome","sunny":false}`}}
		s := NewStructured[city](&scripted{answer: answered("", call)})
		got, err := s.Generate(t.Context(), []llms.MessageContent{llms.TextParts(llms.ChatMessageTypeHuman, "Which?")})
		if err != nil || got.Name != "Rome" {
			t.Errorf("got %+v, %v", got, err)
		}
		s.Attempts = 0
		if _, err := s.Call(t.Context(), "?"); err == nil {
			t.Error("no attempt, but an answer")
		}
	})
	if _, err := NewOpenAI(OpenAIConfig{Model: "m", Outputs: "xml"}); err == nil {
		t.Error("took xml")
	}
}
