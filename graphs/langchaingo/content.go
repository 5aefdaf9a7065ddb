package langchaingo

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/locutory/locutory/graphs"
	"github.com/tmc/langchaingo/llms"
)

// contentBlock is what is common to the forms of a block (streaming.md §2.3). A bare string is a text block.
type contentBlock struct {
	Type      string          `json:"type"`
	Text      string          `json:"text"`
	Reasoning string          `json:"reasoning"`
	ImageURL  json.RawMessage `json:"image_url"`
	URL       string          `json:"url"`
	Data      string          `json:"data"`
	Base64    string          `json:"base64"`
	FileID    string          `json:"file_id"`
	Mime      string          `json:"mime_type"`
	MimeType  string          `json:"mimeType"`
	Metadata  struct {
		Name     string `json:"name"`
		Filename string `json:"filename"`
	} `json:"metadata"`
}

func (b *contentBlock) read(raw json.RawMessage) error {
	if json.Unmarshal(raw, &b.Text) == nil {
		b.Type = "text"
		return nil
	}
	if err := json.Unmarshal(raw, b); err != nil {
		return fmt.Errorf("read a content block: %w", err)
	}
	b.Mime += b.MimeType
	b.Data += b.Base64
	return nil
}

// address returns the URL, or the data as one.
func (b *contentBlock) address() string {
	if b.Data != "" {
		return "data:" + b.Mime + ";base64," + b.Data
	}
	var object struct {
		URL string `json:"url"`
	}
	if b.URL == "" && len(b.ImageURL) > 0 && json.Unmarshal(b.ImageURL, &b.URL) != nil {
		_ = json.Unmarshal(b.ImageURL, &object) // no URL, then
		return object.URL
	}
	return b.URL
}

func (b *contentBlock) filename() string {
	for _, name := range []string{b.Metadata.Filename, b.Metadata.Name} {
		if name != "" {
			return name
		}
	}
	return "file"
}

func reasoningOf(c graphs.Content) string {
	var text strings.Builder
	for _, raw := range c.Blocks {
		var b contentBlock
		if b.read(raw) == nil && b.Type == "reasoning" {
			text.WriteString(b.Reasoning)
		}
	}
	return text.String()
}

// toContents writes messages as langchaingo has them. With single, every message has one part only: some of its clients
// read no more than the first.
func toContents(msgs []graphs.Message, single bool) ([]llms.MessageContent, error) {
	var out []llms.MessageContent
	for _, m := range msgs {
		if m.Type == graphs.TypeRemove {
			continue
		}
		content, err := toContent(m)
		if err != nil {
			return nil, err
		}
		if !single || m.Type != graphs.TypeAI {
			out = append(out, content)
			continue
		}
		for _, part := range content.Parts {
			out = append(out, llms.MessageContent{Role: content.Role, Parts: []llms.ContentPart{part}})
		}
	}
	return out, nil
}

func toContent(m graphs.Message) (llms.MessageContent, error) {
	out := llms.MessageContent{Parts: []llms.ContentPart{llms.TextPart(m.Text())}}
	answer := llms.ToolCallResponse{ToolCallID: m.ToolCallID, Name: m.Name, Content: m.Text()}
	switch m.Type {
	case graphs.TypeHuman:
		out.Role = llms.ChatMessageTypeHuman
		if m.Content.Blocks == nil {
			return out, nil
		}
		var err error
		out.Parts, err = toParts(m.Content.Blocks)
		return out, err
	case graphs.TypeAI:
		out.Role = llms.ChatMessageTypeAI
		calls := openAICalls(m)
		if m.Text() == "" && len(calls) > 0 {
			out.Parts = nil
		}
		for _, c := range calls {
			out.Parts = append(out.Parts, llms.ToolCall{
				ID: c.ID, Type: c.Type, FunctionCall: &llms.FunctionCall{Name: c.Function.Name, Arguments: c.Function.Arguments},
			})
		}
	case graphs.TypeSystem:
		out.Role = llms.ChatMessageTypeSystem
	case graphs.TypeTool:
		out.Role, out.Parts = llms.ChatMessageTypeTool, []llms.ContentPart{answer}
	case graphs.TypeFunction:
		out.Role, out.Parts = llms.ChatMessageTypeFunction, []llms.ContentPart{answer}
	case graphs.TypeChat:
		out.Role = llms.ChatMessageTypeGeneric
	default:
		return out, fmt.Errorf("cannot send a message of type %q", m.Type)
	}
	return out, nil
}

func toParts(blocks []json.RawMessage) ([]llms.ContentPart, error) {
	var parts []llms.ContentPart
	for _, raw := range blocks {
		var b contentBlock
		if err := b.read(raw); err != nil {
			return nil, err
		}
		switch {
		case b.Type == "text":
			parts = append(parts, llms.TextPart(b.Text))
		case b.Data != "":
			data, err := base64.StdEncoding.DecodeString(b.Data)
			if err != nil {
				return nil, fmt.Errorf("%s block: %w", b.Type, err)
			}
			parts = append(parts, llms.BinaryPart(b.Mime, data))
		case b.Type == "image" || b.Type == "image_url":
			parts = append(parts, llms.ImageURLPart(b.address()))
		default:
			return nil, fmt.Errorf("cannot send a content block of type %q", b.Type)
		}
	}
	return parts, nil
}

// fromContents reads langchaingo's messages.
func fromContents(contents []llms.MessageContent) ([]graphs.Message, error) {
	var out []graphs.Message
	for _, c := range contents {
		m := graphs.Message{Type: fromRole(c.Role)}
		if m.Type == graphs.TypeChat {
			m.Type = graphs.TypeHuman
		}
		var answers []graphs.Message
		for _, part := range c.Parts {
			if answer, ok := part.(llms.ToolCallResponse); ok {
				tool := graphs.ToolResult(answer.ToolCallID, answer.Content)
				tool.Type, tool.Name = m.Type, answer.Name
				answers = append(answers, tool)
				continue
			}
			if err := addPart(&m, part); err != nil {
				return nil, err
			}
		}
		if len(answers) > 0 {
			out = append(out, answers...)
			continue
		}
		if len(m.Content.Blocks) == 1 { // a single text stays a string
			var b contentBlock
			if b.read(m.Content.Blocks[0]) == nil && b.Type == "text" {
				m.Content = graphs.Content{Text: b.Text}
			}
		}
		out = append(out, m)
	}
	return out, nil
}

func fromRole(role llms.ChatMessageType) graphs.MessageType {
	switch role {
	case llms.ChatMessageTypeAI:
		return graphs.TypeAI
	case llms.ChatMessageTypeSystem:
		return graphs.TypeSystem
	case llms.ChatMessageTypeTool:
		return graphs.TypeTool
	case llms.ChatMessageTypeFunction:
		return graphs.TypeFunction
	}
	return graphs.TypeHuman
}

func addPart(m *graphs.Message, part llms.ContentPart) error {
	var block map[string]any
	switch p := part.(type) {
	case llms.TextContent:
		block = map[string]any{"type": "text", "text": p.Text}
	case llms.ImageURLContent:
		block = map[string]any{"type": "image_url", "image_url": p}
	case llms.BinaryContent:
		kind := "file"
		if strings.HasPrefix(p.MIMEType, "image/") {
			kind = "image"
		}
		block = map[string]any{"type": kind, "mime_type": p.MIMEType, "data": base64.StdEncoding.EncodeToString(p.Data)}
	case llms.ToolCall:
		if p.FunctionCall == nil {
			return errors.New("a tool call without function")
		}
		piece := graphs.ToolCallChunk{ID: p.ID, Name: p.FunctionCall.Name, Args: p.FunctionCall.Arguments}
		read := graphs.Accumulate(graphs.MessageChunk{ToolCallChunks: []graphs.ToolCallChunk{piece}})
		m.ToolCalls = append(m.ToolCalls, read.ToolCalls...)
		m.InvalidToolCalls = append(m.InvalidToolCalls, read.InvalidToolCalls...)
		return nil
	default:
		return fmt.Errorf("cannot send a part of type %T", part)
	}
	raw, err := json.Marshal(block)
	if err != nil {
		return err
	}
	m.Content.Blocks = append(m.Content.Blocks, raw)
	return nil
}

// toChoice writes an answer as langchaingo's clients do.
func toChoice(m graphs.Message) *llms.ContentChoice {
	choice := &llms.ContentChoice{Content: m.Text(), ReasoningContent: reasoningOf(m.Content), GenerationInfo: map[string]any{}}
	_ = json.Unmarshal(m.ResponseMetadata["finish_reason"], &choice.StopReason) // empty when the server gave none
	for _, c := range openAICalls(m) {
		choice.ToolCalls = append(choice.ToolCalls, llms.ToolCall{
			ID: c.ID, Type: c.Type, FunctionCall: &llms.FunctionCall{Name: c.Function.Name, Arguments: c.Function.Arguments},
		})
	}
	if len(choice.ToolCalls) > 0 {
		choice.FuncCall = choice.ToolCalls[0].FunctionCall
	}
	if u := m.UsageMetadata; u != nil {
		choice.GenerationInfo["PromptTokens"] = u.InputTokens
		choice.GenerationInfo["CompletionTokens"] = u.OutputTokens
		choice.GenerationInfo["TotalTokens"] = u.TotalTokens
		choice.GenerationInfo["ReasoningTokens"] = u.OutputTokenDetails["reasoning"]
		choice.GenerationInfo["PromptCachedTokens"] = u.InputTokenDetails["cache_read"]
	}
	return choice
}
