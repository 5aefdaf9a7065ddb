package langchaingo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"strings"

	"github.com/locutory/locutory/graphs"
	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/llms/anthropic"
	"github.com/tmc/langchaingo/llms/ollama"
	"github.com/tmc/langchaingo/llms/openai"
)

// ErrGarbled is returned when what a model streamed is not the beginning of what it answered.
var ErrGarbled = errors.New("the streamed text is not that of the answer")

// ErrNoTools is returned by the model of a client that would not tell its server of the tools it is asked with: langchaingo's own of
// Ollama. Use [NewOpenAI] for Ollama, as [ModelFromEnv] does.
var ErrNoTools = errors.New("langchaingo's client of Ollama sends no tools")

// Model makes a chat model of an llms.Model; opts go with every call. An [OpenAI] streams tool calls piece by piece; the
// clients of langchaingo do not tell the pieces apart, so with them calls come whole, after the text.
func Model(model llms.Model, opts ...llms.CallOption) graphs.ChatModel {
	return &chatModel{model: model, opts: opts, info: infoOf(model, opts)}
}

// Named is Model for one whose provider and name Model cannot know.
func Named(info graphs.ModelInfo, model llms.Model, opts ...llms.CallOption) graphs.ChatModel {
	return &chatModel{model: model, opts: opts, info: info}
}

type chatModel struct {
	model llms.Model
	opts  []llms.CallOption
	info  graphs.ModelInfo
}

func infoOf(model llms.Model, opts []llms.CallOption) graphs.ModelInfo {
	info := graphs.ModelInfo{Provider: "unknown"}
	if own, ok := model.(*OpenAI); ok {
		info = own.Info()
	} else if path := strings.Split(strings.TrimPrefix(fmt.Sprintf("%T", model), "*"), "."); len(path) == 2 {
		info.Provider = path[0] // the package: anthropic, ollama, googleai ...
	}
	if named := collect(opts).Model; named != "" {
		info.Name = named
	}
	if info.Name == "" {
		info.Name = info.Provider
	}
	return info
}

func collect(opts []llms.CallOption) llms.CallOptions {
	var all llms.CallOptions
	for _, opt := range opts {
		opt(&all)
	}
	return all
}

func (m *chatModel) Info() graphs.ModelInfo { return m.info }

func (m *chatModel) Stream(ctx context.Context, req graphs.ModelRequest) iter.Seq2[graphs.MessageChunk, error] {
	if own, ok := m.model.(*OpenAI); ok {
		return own.stream(ctx, req, collect(m.opts))
	}
	return func(yield func(graphs.MessageChunk, error) bool) {
		err := m.generate(ctx, req, func(c graphs.MessageChunk) bool { return yield(c, nil) })
		if err != nil && !errors.Is(err, errStopped) {
			yield(graphs.MessageChunk{}, err)
		}
	}
}

// generate yields the text as it comes, then what is only in the answer.
func (m *chatModel) generate(ctx context.Context, req graphs.ModelRequest, yield func(graphs.MessageChunk) bool) error {
	if _, toolless := m.model.(*ollama.LLM); toolless && len(req.Tools) > 0 {
		return ErrNoTools
	}
	_, single := m.model.(*anthropic.LLM)
	if single {
		ctx = toolChoice(ctx, req.ToolChoice)
	}
	contents, err := toContents(req.Messages, single)
	if err != nil {
		return err
	}
	opts := append(append([]llms.CallOption{}, m.opts...), toolOptions(req)...)
	var streamed strings.Builder
	var answer *llms.ContentResponse
	if m.streams(req) {
		answer, err = m.stream(ctx, contents, opts, len(req.Tools) > 0, func(text string) bool {
			streamed.WriteString(text)
			return yield(graphs.MessageChunk{Content: graphs.Content{Text: text}})
		})
	} else {
		answer, err = m.call(ctx, contents, opts)
	}
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err // some clients answer with what they have, and no error
	}
	return finish(answer, streamed.String(), yield)
}

// streams is false where langchaingo's client loses the index of tool calls: it is right only about whole answers.
func (m *chatModel) streams(req graphs.ModelRequest) bool {
	_, indexless := m.model.(*openai.LLM)
	return !indexless || len(req.Tools) == 0
}

// call turns a panic into an error: clients are not safe against every answer.
func (m *chatModel) call(ctx context.Context, contents []llms.MessageContent, opts []llms.CallOption) (answer *llms.ContentResponse, err error) {
	defer func() {
		if p := recover(); p != nil {
			answer, err = nil, fmt.Errorf("%s: panic: %v", m.info.Provider, p)
		}
	}()
	return m.model.GenerateContent(ctx, contents, opts...)
}

// stream runs the call beside the reader, since clients call back from goroutines of their own.
func (m *chatModel) stream(ctx context.Context, contents []llms.MessageContent, opts []llms.CallOption, tools bool, show func(string) bool) (*llms.ContentResponse, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	texts := make(chan string)
	pass := func(_ context.Context, chunk []byte) error {
		if len(chunk) == 0 || tools && isCallDelta(chunk) {
			return ctx.Err()
		}
		select {
		case texts <- string(chunk):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	var answer *llms.ContentResponse
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		answer, err = m.call(ctx, contents, append(opts, llms.WithStreamingFunc(pass)))
	}()
	for {
		select {
		case text := <-texts:
			if !show(text) {
				cancel()
				<-done
				return nil, errStopped
			}
		case <-done:
			if err == nil && !m.finished(answer) {
				err = fmt.Errorf("%s: %w", m.info.Provider, ErrIncomplete)
			}
			return answer, err
		}
	}
}

// finished reports whether a streamed answer was complete, for the clients that return what they have got when a stream breaks: that
// of OpenAI then knows no reason for the end, that of Ollama has counted no tokens.
func (m *chatModel) finished(answer *llms.ContentResponse) bool {
	if answer == nil || len(answer.Choices) == 0 {
		return true // told as it is
	}
	switch m.model.(type) {
	case *openai.LLM:
		return answer.Choices[0].StopReason != ""
	case *ollama.LLM:
		return usageOf(answer.Choices[0].GenerationInfo) != nil
	}
	return true
}

// isCallDelta recognizes pieces of tool calls, which some clients pass through the same callback as text.
func isCallDelta(chunk []byte) bool {
	var pieces []struct {
		Function *struct {
			Arguments *string `json:"arguments"`
		} `json:"function"`
	}
	if chunk[0] != '[' || json.Unmarshal(chunk, &pieces) != nil || len(pieces) == 0 {
		return false
	}
	return pieces[0].Function != nil && pieces[0].Function.Arguments != nil
}

// finish yields what was not streamed: the rest of the text, the tool calls, why the model stopped and what it used.
func finish(answer *llms.ContentResponse, streamed string, yield func(graphs.MessageChunk) bool) error {
	if answer == nil || len(answer.Choices) == 0 {
		return graphs.ErrNoAnswer
	}
	var text string
	last := graphs.MessageChunk{Last: true, ResponseMetadata: map[string]json.RawMessage{}}
	for _, choice := range answer.Choices { // Anthropic's client makes a choice of each block
		text += choice.Content
		for _, call := range choice.ToolCalls {
			piece, err := wholeCall(call, len(last.ToolCallChunks))
			if err != nil {
				return err
			}
			last.ToolCallChunks = append(last.ToolCallChunks, piece)
		}
		if choice.StopReason != "" {
			raw, err := json.Marshal(choice.StopReason)
			if err != nil {
				return err
			}
			last.ResponseMetadata["finish_reason"] = raw
		}
	}
	last.UsageMetadata = usageOf(answer.Choices[0].GenerationInfo)
	rest, ok := strings.CutPrefix(text, streamed)
	if !ok {
		return ErrGarbled
	}
	chunks := []graphs.MessageChunk{}
	if rest != "" {
		chunks = append(chunks, graphs.MessageChunk{Content: graphs.Content{Text: rest}})
	}
	for _, piece := range last.ToolCallChunks {
		chunks = append(chunks, graphs.MessageChunk{ToolCallChunks: []graphs.ToolCallChunk{piece}})
	}
	last.ToolCallChunks = nil
	for _, c := range append(chunks, last) {
		if !yield(c) {
			return errStopped
		}
	}
	return nil
}

func wholeCall(call llms.ToolCall, index int) (graphs.ToolCallChunk, error) {
	if call.FunctionCall == nil {
		return graphs.ToolCallChunk{}, fmt.Errorf("tool call %q has no function", call.ID)
	}
	return graphs.ToolCallChunk{Index: index, ID: call.ID, Name: call.FunctionCall.Name, Args: call.FunctionCall.Arguments}, nil
}

// usageOf reads the names that the clients use; nil when there is none of them.
func usageOf(info map[string]any) *graphs.Usage {
	first := func(names ...string) int {
		for _, name := range names {
			if v := reflect.ValueOf(info[name]); v.CanInt() && v.Int() > 0 { // int32 is Google's
				return int(v.Int())
			}
		}
		return 0
	}
	cached, created := first("CacheReadInputTokens"), first("CacheCreationInputTokens")
	u := &graphs.Usage{
		InputTokens:  first("PromptTokens", "InputTokens", "input_tokens") + cached + created, // which Anthropic counts apart
		OutputTokens: first("CompletionTokens", "OutputTokens", "output_tokens"),
		InputTokenDetails: counted(map[string]int{
			"audio": first("PromptAudioTokens"), "cache_read": cached + first("PromptCachedTokens", "CachedTokens"), "cache_creation": created,
		}),
		OutputTokenDetails: counted(map[string]int{"audio": first("CompletionAudioTokens"), "reasoning": first("ReasoningTokens", "ThinkingTokens")}),
	}
	u.TotalTokens = u.InputTokens + u.OutputTokens
	if u.TotalTokens == 0 {
		return nil
	}
	return u
}
