package sdk

import (
	"encoding/json"
	"strings"
)

// Message is a chat message (streaming.md 2). Type is human, ai, system, tool, or AIMessageChunk for a token;
// Content is a string or a list of blocks, see [Message.Text].
type Message struct {
	Type             string          `json:"type"`
	ID               string          `json:"id,omitempty"`
	Name             string          `json:"name,omitempty"`
	Content          json.RawMessage `json:"content"`
	ToolCalls        []ToolCall      `json:"tool_calls,omitempty"`
	ToolCallID       string          `json:"tool_call_id,omitempty"`
	Status           string          `json:"status,omitempty"`
	AdditionalKwargs Object          `json:"additional_kwargs,omitempty"`
	ResponseMetadata Object          `json:"response_metadata,omitempty"`
	UsageMetadata    *Usage          `json:"usage_metadata,omitempty"`
}

// ToolCall is a model's wish to call a tool.
type ToolCall struct {
	ID   string          `json:"id"`
	Name string          `json:"name"`
	Args json.RawMessage `json:"args"`
	Type string          `json:"type,omitempty"`
}

// Usage counts a message's tokens.
type Usage struct {
	InputTokens  int `json:"input_tokens"`
	OutputTokens int `json:"output_tokens"`
	TotalTokens  int `json:"total_tokens"`
}

// Human is a message of the user.
func Human(text string) Message { return Message{Type: "human", Content: JSON(text)} }

// System is an instruction.
func System(text string) Message { return Message{Type: "system", Content: JSON(text)} }

// AI is a message of the model.
func AI(text string) Message { return Message{Type: "ai", Content: JSON(text)} }

// Messages is the input of a chat graph: {"messages": [...]}.
func Messages(messages ...Message) json.RawMessage {
	if messages == nil {
		messages = []Message{}
	}
	return JSON(map[string][]Message{"messages": messages})
}

// Text returns the text of the message, without blocks of other kinds.
func (m Message) Text() string {
	var text string
	if json.Unmarshal(m.Content, &text) == nil {
		return text
	}
	var blocks []json.RawMessage
	if json.Unmarshal(m.Content, &blocks) != nil {
		return ""
	}
	var all strings.Builder
	for _, block := range blocks {
		all.WriteString(blockText(block))
	}
	return all.String()
}

// blockText returns the text of a block: a bare string, or one of type text.
func blockText(block json.RawMessage) string {
	var text string
	if json.Unmarshal(block, &text) == nil {
		return text
	}
	var typed struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	if json.Unmarshal(block, &typed) != nil || typed.Type != "text" {
		return ""
	}
	return typed.Text
}
