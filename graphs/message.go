package graphs

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// ErrMessage is wrapped by every error about JSON that cannot be read as a message.
var ErrMessage = errors.New("not a message")

// MessageType is the type of a message on the wire (streaming.md §2.1).
type MessageType string

// The types of messages. Roles and chunk types are mapped to these when a message is read.
const (
	TypeHuman    MessageType = "human"
	TypeAI       MessageType = "ai"
	TypeSystem   MessageType = "system"
	TypeTool     MessageType = "tool"
	TypeFunction MessageType = "function"
	TypeChat     MessageType = "chat"
	TypeRemove   MessageType = "remove"
)

// The values of [Message.Status], which only tool messages have.
const (
	StatusSuccess = "success"
	StatusError   = "error"
)

// RemoveAllID is the id of the message that clears the whole list (streaming.md §2.6).
const RemoveAllID = "__remove_all__"

// Message is a LangChain message as it is on the wire and in a state (streaming.md §2). A Message in a state is read-only:
// change a copy, and never an element of its slices and maps.
//
// Every form that clients send is accepted when a Message is read from JSON (§2.4); unknown fields are kept and written back.
type Message struct {
	Type MessageType
	// ID is unique in a list of messages; empty until [EnsureIDs] gave one.
	ID      string
	Content Content
	Name    string

	// ToolCalls and InvalidToolCalls are what a model asked for; only ai messages have them.
	ToolCalls        []ToolCall
	InvalidToolCalls []InvalidToolCall
	UsageMetadata    *Usage

	// ToolCallID says which call a tool message answers; Status is StatusSuccess, StatusError or empty.
	// Artifact is what a tool made that the model does not see.
	ToolCallID string
	Status     string
	Artifact   json.RawMessage

	// AdditionalKwargs and ResponseMetadata are written as {} when they are empty.
	AdditionalKwargs map[string]json.RawMessage
	ResponseMetadata map[string]json.RawMessage
	// Extra holds every other field, among them the role of a chat message.
	Extra map[string]json.RawMessage
}

// MessagesState is the state of a conversation; embed it in a state of your own.
type MessagesState struct {
	Messages []Message `json:"messages" reduce:"messages"`
}

// ToolCall is a call that a model asks for. Args is a JSON object; nil means {}.
type ToolCall struct {
	ID    string
	Name  string
	Args  json.RawMessage
	Extra map[string]json.RawMessage
}

// InvalidToolCall is a call whose arguments are no JSON object: Args is the text that the model wrote.
type InvalidToolCall struct {
	ID    string
	Name  string
	Args  string
	Error string
	Extra map[string]json.RawMessage
}

// Usage counts the tokens of a model call.
type Usage struct {
	InputTokens        int            `json:"input_tokens"`
	OutputTokens       int            `json:"output_tokens"`
	TotalTokens        int            `json:"total_tokens"`
	InputTokenDetails  map[string]int `json:"input_token_details,omitempty"`
	OutputTokenDetails map[string]int `json:"output_token_details,omitempty"`
}

// Content is a string or, when Blocks is not nil, a list of content blocks, which are opaque JSON (streaming.md §2.3).
type Content struct {
	Text   string
	Blocks []json.RawMessage
}

// String returns the text: that of all text blocks, joined, when the content is blocks.
func (c Content) String() string {
	if c.Blocks == nil {
		return c.Text
	}
	var text strings.Builder
	for _, raw := range c.Blocks {
		text.WriteString(blockText(raw))
	}
	return text.String()
}

// IsEmpty reports whether there is neither text nor a block.
func (c Content) IsEmpty() bool { return c.Text == "" && len(c.Blocks) == 0 }

func blockText(raw json.RawMessage) string {
	var block struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	var bare string
	if json.Unmarshal(raw, &bare) == nil {
		return bare
	}
	if json.Unmarshal(raw, &block) != nil || block.Type != "text" {
		return ""
	}
	return block.Text
}

// Text returns the text of the message's content.
func (m Message) Text() string { return m.Content.String() }

// Human returns a message of the user.
func Human(text string) Message { return Message{Type: TypeHuman, Content: Content{Text: text}} }

// AI returns a message of the model.
func AI(text string, calls ...ToolCall) Message {
	return Message{Type: TypeAI, Content: Content{Text: text}, ToolCalls: calls}
}

// System returns an instruction to the model.
func System(text string) Message { return Message{Type: TypeSystem, Content: Content{Text: text}} }

// ToolResult returns the successful answer to a tool call.
func ToolResult(callID, text string) Message {
	return Message{Type: TypeTool, ToolCallID: callID, Content: Content{Text: text}, Status: StatusSuccess}
}

// Remove returns the message that deletes the message id from a list; it is an error of the run if there is none.
func Remove(id string) Message { return Message{Type: TypeRemove, ID: id} }

// RemoveAll returns the message that deletes all messages before it.
func RemoveAll() Message { return Remove(RemoveAllID) }

// EnsureIDs returns msgs with a random id on each message that has none. It copies msgs only if it has to.
func EnsureIDs(msgs []Message) []Message {
	out, _ := ensureIDs(msgs)
	return out
}

// ensureIDs also reports whether all ids are new, so that no list can hold one of them.
func ensureIDs(msgs []Message) (out []Message, fresh bool) {
	out, fresh = msgs, true
	for i := range msgs {
		fresh = fresh && msgs[i].ID == "" && msgs[i].Type != TypeRemove
		if msgs[i].ID != "" {
			continue
		}
		if &out[0] == &msgs[0] {
			out = append([]Message(nil), msgs...)
		}
		out[i].ID = messageID()
	}
	return out, fresh
}

// CoerceMessages reads what clients send as messages: a list of any accepted forms, or a single one instead of a list.
// null is no message.
func CoerceMessages(data json.RawMessage) ([]Message, error) {
	raw, err := compactJSON(data)
	if err != nil {
		return nil, err
	}
	if string(raw) == "null" {
		return nil, nil
	}
	if raw[0] != '[' {
		m, err := readMessage(raw)
		if err != nil {
			return nil, err
		}
		return []Message{m}, nil
	}
	msgs := []Message{}
	for item := range elements(raw) {
		m, err := readMessage(item)
		if err != nil {
			return nil, fmt.Errorf("messages[%d]: %w", len(msgs), err)
		}
		msgs = append(msgs, m)
	}
	return msgs, nil
}
