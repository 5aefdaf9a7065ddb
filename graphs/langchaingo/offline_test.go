package langchaingo

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/locutory/locutory/graphs"
	"github.com/tmc/langchaingo/chains"
	"github.com/tmc/langchaingo/memory"
	"github.com/tmc/langchaingo/schema"
)

func TestOffline(t *testing.T) {
	t.Parallel()
	model := offline{}
	req := ask("hello")
	req.Tools = []graphs.Tool{weather}
	chunks := 0
	for c, err := range model.Stream(t.Context(), req) {
		if err != nil {
			t.Fatal(err)
		}
		if chunks++; len(c.ToolCallChunks) > 0 {
			t.Errorf("called a tool for a greeting: %+v", c)
		}
	}
	if chunks < 5 {
		t.Errorf("%d chunks: not word by word", chunks)
	}

	req.Messages = []graphs.Message{graphs.Human("What is the weather in Oslo?")}
	asked, err := graphs.CallModel(t.Context(), model, req)
	if err != nil || len(asked.ToolCalls) != 1 || string(asked.ToolCalls[0].Args) != `{"city":"Oslo"}` {
		t.Fatalf("got %+v, %v", asked.ToolCalls, err)
	}
	result, err := weather.Invoke(t.Context(), asked.ToolCalls[0].Args)
	if err != nil {
		t.Fatal(err)
	}
	req.Messages = append(req.Messages, asked, graphs.ToolResult(asked.ToolCalls[0].ID, result.(string)))
	told, err := graphs.CallModel(t.Context(), model, req)
	if err != nil || len(told.ToolCalls) != 0 || !strings.Contains(told.Text(), "sunny in Oslo") || !strings.Contains(told.Text(), "not a model") {
		t.Errorf("got %q, %v", told.Text(), err)
	}

	// Clients and the agent know calls by their ids: those of a long conversation differ.
	ids := map[string]bool{}
	for range 12 {
		req.Messages = append(req.Messages, graphs.Human("What is the weather in Oslo?"))
		again, err := graphs.CallModel(t.Context(), model, req)
		if err != nil || len(again.ToolCalls) != 1 || ids[again.ToolCalls[0].ID] {
			t.Fatalf("got %+v, %v, after %v", again.ToolCalls, err, ids)
		}
		ids[again.ToolCalls[0].ID] = true
		req.Messages = append(req.Messages, again, graphs.ToolResult(again.ToolCalls[0].ID, "sunny"))
	}

	if got, err := graphs.CallModelFor[city](t.Context(), model, ask("something in Rome"), 1); err != nil || got.Name != "Rome" {
		t.Errorf("structured: %+v, %v", got, err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := graphs.CallModel(ctx, Offline(), req); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

// shout is a langchaingo tool and a chain.
type shout struct{}

func (shout) Name() string        { return "shout" }
func (shout) Description() string { return "Shouts." }
func (shout) Call(_ context.Context, input string) (string, error) {
	return strings.ToUpper(input), nil
}
func (shout) chain() chains.Chain { return shoutChain{} }

type shoutChain struct{}

func (shoutChain) Call(_ context.Context, in map[string]any, _ ...chains.ChainCallOption) (map[string]any, error) {
	text, ok := in["draft"].(string)
	if !ok || len(in) != 1 {
		return nil, errors.New("want the draft alone")
	}
	return map[string]any{"final": strings.ToUpper(text)}, nil
}

func (shoutChain) GetMemory() schema.Memory { return memory.NewSimple() }
func (shoutChain) GetInputKeys() []string   { return []string{"draft"} }
func (shoutChain) GetOutputKeys() []string  { return []string{"final"} }

func TestTool(t *testing.T) {
	t.Parallel()
	tool := Tool(shout{})
	got, err := tool.Invoke(t.Context(), []byte(`{"input":"hi"}`))
	if err != nil || got != "HI" || tool.Name() != "shout" || tool.Description() != "Shouts." {
		t.Errorf("got %v, %v", got, err)
	}
	if Tool(weather) != weather {
		t.Error("a tool of graphs was wrapped")
	}
	var req graphs.ModelRequest
	req.Tools = []graphs.Tool{tool}
	if opts := collect(toolOptions(req)); len(opts.Tools) != 1 || opts.Tools[0].Function.Name != "shout" {
		t.Errorf("bound %+v", opts.Tools)
	}
}

func TestChain(t *testing.T) {
	t.Parallel()
	type state struct {
		Draft string `json:"draft"`
		Other int    `json:"other"`
	}
	node := Chain[state](shout{}.chain())
	got, err := node(t.Context(), state{Draft: "hi", Other: 1})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(graphs.Set{"final": "HI"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := node(ctx, state{Draft: "hi"}); !errors.Is(err, context.Canceled) || got != nil {
		t.Errorf("cancelled: %v, %v", got, err)
	}
}
