package langchaingo

import (
	"encoding/json"
	"fmt"

	"github.com/locutory/locutory/graphs"
	"github.com/tmc/langchaingo/llms"
)

type openAIRequest struct {
	Model               string          `json:"model"`
	Messages            []openAIMessage `json:"messages"`
	Stream              bool            `json:"stream"`
	StreamOptions       map[string]bool `json:"stream_options"`
	Tools               []openAITool    `json:"tools,omitempty"`
	ToolChoice          any             `json:"tool_choice,omitempty"`
	Temperature         float64         `json:"temperature,omitempty"`
	TopP                float64         `json:"top_p,omitempty"`
	MaxTokens           int             `json:"max_tokens,omitempty"`
	MaxCompletionTokens int             `json:"max_completion_tokens,omitempty"`
	Stop                []string        `json:"stop,omitempty"`
	Seed                int             `json:"seed,omitempty"`
	FrequencyPenalty    float64         `json:"frequency_penalty,omitempty"`
	PresencePenalty     float64         `json:"presence_penalty,omitempty"`
	ResponseFormat      map[string]any  `json:"response_format,omitempty"`
}

type openAIMessage struct {
	Role       string       `json:"role"`
	Content    any          `json:"content"`
	Name       string       `json:"name,omitempty"`
	ToolCalls  []openAICall `json:"tool_calls,omitempty"`
	ToolCallID string       `json:"tool_call_id,omitempty"`
}

type openAICall struct {
	ID       string         `json:"id"`
	Type     string         `json:"type"`
	Function openAIFunction `json:"function"`
}

type openAIFunction struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

type openAITool struct {
	Type     string                   `json:"type"`
	Function *llms.FunctionDefinition `json:"function"`
}

func (o *OpenAI) encode(req graphs.ModelRequest, opts llms.CallOptions) ([]byte, error) {
	body := openAIRequest{
		Model: o.cfg.Model, Stream: true, StreamOptions: map[string]bool{"include_usage": true},
		Temperature: opts.Temperature, TopP: opts.TopP, Stop: opts.StopWords, Seed: opts.Seed,
		FrequencyPenalty: opts.FrequencyPenalty, PresencePenalty: opts.PresencePenalty,
	}
	if opts.Model != "" {
		body.Model = opts.Model
	}
	if o.cfg.BaseURL == DefaultOpenAIBaseURL {
		body.MaxCompletionTokens = opts.MaxTokens
	} else {
		body.MaxTokens = opts.MaxTokens // what other servers know
	}
	if opts.JSONMode {
		body.ResponseFormat = map[string]any{"type": "json_object"}
	}
	if req.Output != nil {
		body.ResponseFormat, req.Messages = o.output(*req.Output, req.Messages)
	}
	for _, m := range req.Messages {
		if m.Type == graphs.TypeRemove {
			continue
		}
		encoded, err := toOpenAI(m)
		if err != nil {
			return nil, err
		}
		body.Messages = append(body.Messages, encoded)
	}
	body.Tools, body.ToolChoice = openAITools(req, opts)
	return json.Marshal(body)
}

// output asks for JSON as the server knows it. The schema is not sent as strict: that would forbid keys which may be left out, and the
// answer is checked here anyway.
func (o *OpenAI) output(out graphs.Output, msgs []graphs.Message) (format map[string]any, told []graphs.Message) {
	if o.cfg.Outputs == OutputsBySchema {
		return map[string]any{"type": "json_schema", "json_schema": map[string]any{"name": out.Name, "schema": out.Schema}}, msgs
	}
	rule := graphs.System("Answer with one JSON object, and nothing else, that fits this JSON Schema: " + string(out.Schema))
	return map[string]any{"type": "json_object"}, append([]graphs.Message{rule}, msgs...)
}

func openAITools(req graphs.ModelRequest, opts llms.CallOptions) (bound []openAITool, choice any) {
	add := func(f *llms.FunctionDefinition) {
		if f != nil {
			bound = append(bound, openAITool{Type: "function", Function: f})
		}
	}
	for _, t := range req.Tools {
		add(definition(t))
	}
	for _, t := range opts.Tools {
		add(t.Function)
	}
	for i := range opts.Functions {
		add(&opts.Functions[i])
	}
	choice = opts.ToolChoice
	switch req.ToolChoice {
	case "":
	case "auto", "none", "required":
		choice = req.ToolChoice
	default:
		choice = llms.ToolChoice{Type: "function", Function: &llms.FunctionReference{Name: req.ToolChoice}}
	}
	if len(bound) == 0 {
		choice = nil
	}
	return bound, choice
}

func toOpenAI(m graphs.Message) (openAIMessage, error) {
	out := openAIMessage{Name: m.Name, Content: m.Text()}
	switch m.Type {
	case graphs.TypeHuman:
		out.Role = "user"
		if m.Content.Blocks != nil {
			parts, err := openAIParts(m.Content.Blocks)
			if err != nil {
				return out, err
			}
			out.Content = parts
		}
	case graphs.TypeAI:
		out.Role = "assistant"
		out.ToolCalls = openAICalls(m)
		if len(out.ToolCalls) > 0 && m.Text() == "" {
			out.Content = nil
		}
	case graphs.TypeSystem:
		out.Role = "system"
		if string(m.AdditionalKwargs["__openai_role__"]) == `"developer"` {
			out.Role = "developer"
		}
	case graphs.TypeTool:
		out.Role, out.Name, out.ToolCallID = "tool", "", m.ToolCallID
	case graphs.TypeFunction:
		out.Role = "function"
	case graphs.TypeChat:
		if err := json.Unmarshal(m.Extra["role"], &out.Role); err != nil {
			return out, fmt.Errorf("a chat message without role: %w", err)
		}
	default:
		return out, fmt.Errorf("cannot send a message of type %q", m.Type)
	}
	return out, nil
}

// openAICalls includes the calls whose arguments could not be read: their answers follow in the conversation.
func openAICalls(m graphs.Message) []openAICall {
	var calls []openAICall
	for _, c := range m.ToolCalls {
		args := string(c.Args)
		if args == "" {
			args = "{}"
		}
		calls = append(calls, openAICall{c.ID, "function", openAIFunction{c.Name, args}})
	}
	for _, c := range m.InvalidToolCalls {
		calls = append(calls, openAICall{c.ID, "function", openAIFunction{c.Name, c.Args}})
	}
	return calls
}

// openAIParts writes blocks as OpenAI's content parts. Images and files may be in any of the forms of streaming.md §2.3.
func openAIParts(blocks []json.RawMessage) ([]any, error) {
	parts := make([]any, 0, len(blocks))
	for _, raw := range blocks {
		var b contentBlock
		if err := b.read(raw); err != nil {
			return nil, err
		}
		switch b.Type {
		case "text":
			parts = append(parts, map[string]string{"type": "text", "text": b.Text})
		case "image_url", "input_audio":
			parts = append(parts, raw)
		case "image":
			parts = append(parts, map[string]any{"type": "image_url", "image_url": map[string]string{"url": b.address()}})
		case "file":
			file := map[string]string{"file_data": b.address(), "filename": b.filename()}
			if b.FileID != "" {
				file = map[string]string{"file_id": b.FileID}
			}
			parts = append(parts, map[string]any{"type": "file", "file": file})
		default:
			return nil, fmt.Errorf("cannot send a content block of type %q", b.Type)
		}
	}
	return parts, nil
}
