package langchaingo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"strings"

	"github.com/locutory/locutory/graphs"
	"github.com/tmc/langchaingo/llms"
)

// DefaultOpenAIBaseURL is where OpenAI itself listens.
const DefaultOpenAIBaseURL = "https://api.openai.com/v1"

// ErrIncomplete is returned when a model's stream ends before the model said that it has finished.
var ErrIncomplete = errors.New("the stream ended before the answer was complete")

// OpenAIConfig says which server an [OpenAI] asks.
type OpenAIConfig struct {
	// BaseURL is what "/chat/completions" is appended to; empty means DefaultOpenAIBaseURL.
	BaseURL string
	// APIKey is sent as a bearer token unless it is empty.
	APIKey string
	Model  string
	// Provider is what readers of a stream see as ls_provider; empty means openai.
	Provider string
	// Client is nil for http.DefaultClient. Its Timeout would cut long answers: bound the context instead.
	Client *http.Client
	// Outputs is how the model is asked for JSON of a schema (graphs.CallModelFor); empty chooses what the server is known for.
	Outputs Outputs
}

// Outputs is how a server is asked for JSON of a schema.
type Outputs string

// The ways to ask. OpenAI and Ollama are known for OutputsBySchema; of all others only tools are expected.
const (
	OutputsBySchema Outputs = "json_schema" // response_format json_schema
	OutputsByJSON   Outputs = "json_object" // JSON mode, with the schema in a system message
	OutputsByTool   Outputs = "tool"        // the arguments of a tool that has to be called
)

// OpenAI is a model behind OpenAI's chat completions. It is both a graphs.ChatModel, whose chunks carry each piece of a tool
// call under the index of its call, and an llms.Model. It is safe for concurrent use.
type OpenAI struct{ cfg OpenAIConfig }

var (
	_ graphs.ChatModel = (*OpenAI)(nil)
	_ llms.Model       = (*OpenAI)(nil)
)

// NewOpenAI returns a model; it does not connect.
func NewOpenAI(cfg OpenAIConfig) (*OpenAI, error) {
	if cfg.Model == "" {
		return nil, errors.New("openai: no model is named")
	}
	if cfg.BaseURL == "" {
		cfg.BaseURL = DefaultOpenAIBaseURL
	}
	if cfg.Provider == "" {
		cfg.Provider = "openai"
	}
	if cfg.Client == nil {
		cfg.Client = http.DefaultClient
	}
	cfg.BaseURL = strings.TrimRight(cfg.BaseURL, "/")
	switch known := cfg.BaseURL == DefaultOpenAIBaseURL || cfg.Provider == "ollama"; {
	case cfg.Outputs == "" && known:
		cfg.Outputs = OutputsBySchema
	case cfg.Outputs == "":
		cfg.Outputs = OutputsByTool
	case cfg.Outputs != OutputsBySchema && cfg.Outputs != OutputsByJSON && cfg.Outputs != OutputsByTool:
		return nil, fmt.Errorf("openai: Outputs is %q; want json_schema, json_object or tool", cfg.Outputs)
	}
	return &OpenAI{cfg}, nil
}

// APIError is a refusal by the server: before the stream, with the HTTP status, or within it, when Status is 200.
type APIError struct {
	Status  int
	Type    string
	Message string
}

// Error says what went wrong, for people.
func (e *APIError) Error() string {
	return fmt.Sprintf("%s (status %d)", e.Message, e.Status)
}

// Info names provider and model.
func (o *OpenAI) Info() graphs.ModelInfo {
	return graphs.ModelInfo{Provider: o.cfg.Provider, Name: o.cfg.Model, Outputs: o.cfg.Outputs != OutputsByTool}
}

// Stream asks the model (see graphs.ChatModel).
func (o *OpenAI) Stream(ctx context.Context, req graphs.ModelRequest) iter.Seq2[graphs.MessageChunk, error] {
	return o.stream(ctx, req, llms.CallOptions{})
}

func (o *OpenAI) stream(ctx context.Context, req graphs.ModelRequest, opts llms.CallOptions) iter.Seq2[graphs.MessageChunk, error] {
	return func(yield func(graphs.MessageChunk, error) bool) {
		err := o.ask(ctx, req, opts, func(c graphs.MessageChunk) bool { return yield(c, nil) })
		if err != nil && !errors.Is(err, errStopped) {
			yield(graphs.MessageChunk{}, fmt.Errorf("%s: %w", o.cfg.Provider, err))
		}
	}
}

// errStopped says that the reader of a stream wants no more.
var errStopped = errors.New("stopped")

func (o *OpenAI) ask(ctx context.Context, req graphs.ModelRequest, opts llms.CallOptions, yield func(graphs.MessageChunk) bool) error {
	body, err := o.encode(req, opts)
	if err != nil {
		return err
	}
	post, err := http.NewRequestWithContext(ctx, http.MethodPost, o.cfg.BaseURL+"/chat/completions", bytes.NewReader(body))
	if err != nil {
		return err
	}
	post.Header.Set("Content-Type", "application/json")
	post.Header.Set("Accept", "text/event-stream")
	if o.cfg.APIKey != "" {
		post.Header.Set("Authorization", "Bearer "+o.cfg.APIKey)
	}
	answer, err := o.cfg.Client.Do(post)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }() // only read: nothing to lose
	if answer.StatusCode != http.StatusOK {
		return refusal(answer)
	}
	if kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type")); kind != "text/event-stream" {
		return fmt.Errorf("answered with %q, not with a stream", answer.Header.Get("Content-Type"))
	}
	stream := &openAIStream{provider: o.cfg.Provider, yield: yield}
	return stream.read(ctx, answer.Body)
}

// refusal reads the error of an answer, which proxies may have written in any form.
func refusal(answer *http.Response) error {
	const most = 64 << 10
	text, err := io.ReadAll(io.LimitReader(answer.Body, most))
	if err != nil {
		return fmt.Errorf("status %d: %w", answer.StatusCode, err)
	}
	var body struct {
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(text, &body) == nil && len(body.Error) > 0 {
		return apiError(answer.StatusCode, body.Error)
	}
	message := strings.TrimSpace(string(text))
	if message == "" {
		message = http.StatusText(answer.StatusCode)
	}
	return &APIError{Status: answer.StatusCode, Message: message}
}

// apiError reads an error that is an object, as OpenAI writes it, or anything else.
func apiError(status int, raw json.RawMessage) error {
	var object struct {
		Message string `json:"message"`
		Type    string `json:"type"`
	}
	if json.Unmarshal(raw, &object) == nil && object.Message != "" {
		return &APIError{Status: status, Type: object.Type, Message: object.Message}
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		text = string(raw)
	}
	return &APIError{Status: status, Message: text}
}

// Call asks with a single text (see llms.Model).
func (o *OpenAI) Call(ctx context.Context, prompt string, options ...llms.CallOption) (string, error) {
	return llms.GenerateFromSinglePrompt(ctx, o, prompt, options...)
}

// GenerateContent asks the model (see llms.Model). The streaming function gets text only; there is always one choice.
func (o *OpenAI) GenerateContent(ctx context.Context, messages []llms.MessageContent, options ...llms.CallOption) (*llms.ContentResponse, error) {
	var opts llms.CallOptions
	for _, option := range options {
		option(&opts)
	}
	msgs, err := fromContents(messages)
	if err != nil {
		return nil, fmt.Errorf("openai: %w", err)
	}
	var answer graphs.Accumulator
	for chunk, err := range o.stream(ctx, graphs.ModelRequest{Messages: msgs}, opts) {
		if err != nil {
			return nil, err
		}
		if err := tell(ctx, opts, chunk); err != nil {
			return nil, err
		}
		answer.Add(chunk)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return &llms.ContentResponse{Choices: []*llms.ContentChoice{toChoice(answer.Message())}}, nil
}

func tell(ctx context.Context, opts llms.CallOptions, c graphs.MessageChunk) error {
	text, reasoning := c.Content.String(), reasoningOf(c.Content)
	if opts.StreamingReasoningFunc != nil && text+reasoning != "" {
		return opts.StreamingReasoningFunc(ctx, []byte(reasoning), []byte(text))
	}
	if opts.StreamingFunc != nil && text != "" {
		return opts.StreamingFunc(ctx, []byte(text))
	}
	return nil
}
