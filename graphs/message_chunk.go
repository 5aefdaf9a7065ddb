package graphs

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// MessageChunk is a delta of an ai message: what came since the chunk before. All chunks of a message carry its id, and
// that is the id of the message in the state too (streaming.md §2.5).
//
// MarshalJSON writes a short form for logs, without what is empty; [MessageChunk.AppendWire] writes the AIMessageChunk that
// clients read. UnmarshalJSON reads both.
type MessageChunk struct {
	ID             string
	Name           string
	Content        Content
	ToolCallChunks []ToolCallChunk
	// UsageMetadata counts tokens that no chunk before has counted.
	UsageMetadata    *Usage
	AdditionalKwargs map[string]json.RawMessage
	ResponseMetadata map[string]json.RawMessage
	// Last marks the last chunk of a message.
	Last bool
}

// ToolCallChunk is a piece of a tool call. Pieces of one call carry the same Index; ID and Name come with the first one, Args is
// the text that the model wrote since.
type ToolCallChunk struct {
	Index int    `json:"index"`
	ID    string `json:"id"`
	Name  string `json:"name"`
	Args  string `json:"args"`
}

// MarshalJSON writes the form of streaming.md §2.2.
func (t ToolCallChunk) MarshalJSON() ([]byte, error) { return t.appendJSON(nil), nil }

func (t ToolCallChunk) appendJSON(dst []byte) []byte {
	dst = append(dst, `{"name":`...)
	dst = appendNullable(dst, t.Name)
	dst = append(dst, `,"args":`...)
	dst = appendString(dst, t.Args)
	dst = append(dst, `,"id":`...)
	dst = appendNullable(dst, t.ID)
	dst = append(dst, `,"index":`...)
	dst = strconv.AppendInt(dst, int64(t.Index), 10)
	return append(dst, `,"type":"tool_call_chunk"}`...)
}

// MarshalJSON writes the fields that are not empty.
func (c MessageChunk) MarshalJSON() ([]byte, error) { return c.AppendJSON(nil), nil }

// AppendJSON appends what MarshalJSON writes. Raw fields must be valid JSON.
func (c MessageChunk) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"id":`...)
	dst = appendString(dst, c.ID)
	dst = appendField(dst, "name", c.Name)
	if !c.Content.IsEmpty() {
		dst = append(dst, `,"content":`...)
		dst = c.Content.AppendJSON(dst)
	}
	if len(c.ToolCallChunks) > 0 {
		dst = append(dst, `,"tool_call_chunks":`...)
		dst = appendArray(dst, c.ToolCallChunks, ToolCallChunk.appendJSON)
	}
	if len(c.AdditionalKwargs) > 0 {
		dst = append(dst, `,"additional_kwargs":`...)
		dst = appendObject(dst, c.AdditionalKwargs)
	}
	if len(c.ResponseMetadata) > 0 {
		dst = append(dst, `,"response_metadata":`...)
		dst = appendObject(dst, c.ResponseMetadata)
	}
	return append(c.appendEnd(dst), '}')
}

// AppendWire appends the chunk as a message of type AIMessageChunk (streaming.md §1.5.4). The calls of its pieces are in
// tool_calls as far as they can be read, which matters for the chunk of an [Accumulator].
func (c MessageChunk) AppendWire(dst []byte) []byte {
	dst = append(dst, `{"type":"AIMessageChunk","id":`...)
	dst = appendString(dst, c.ID)
	dst = append(dst, `,"content":`...)
	dst = c.Content.AppendJSON(dst)
	dst = appendField(dst, "name", c.Name)
	dst = append(dst, `,"tool_calls":`...)
	dst = appendArray(dst, partialCalls(c.ToolCallChunks), ToolCall.appendJSON)
	dst = append(dst, `,"invalid_tool_calls":[],"tool_call_chunks":`...)
	dst = appendArray(dst, c.ToolCallChunks, ToolCallChunk.appendJSON)
	dst = append(dst, `,"additional_kwargs":`...)
	dst = appendObject(dst, c.AdditionalKwargs)
	dst = append(dst, `,"response_metadata":`...)
	dst = appendObject(dst, c.ResponseMetadata)
	return append(c.appendEnd(dst), '}')
}

func (c MessageChunk) appendEnd(dst []byte) []byte {
	if c.UsageMetadata != nil {
		dst = append(dst, `,"usage_metadata":`...)
		dst = c.UsageMetadata.appendJSON(dst)
	}
	if c.Last {
		dst = append(dst, `,"chunk_position":"last"`...)
	}
	return dst
}

// UnmarshalJSON reads both forms.
func (c *MessageChunk) UnmarshalJSON(data []byte) error {
	raw, err := compactJSON(data)
	if err != nil {
		return err
	}
	if !isObject(raw) {
		return fmt.Errorf("%w: a chunk must be an object", ErrMessage)
	}
	*c = MessageChunk{}
	for key, value := range fields(raw) {
		if err := c.set(key, value); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

func (c *MessageChunk) set(key string, value json.RawMessage) (err error) {
	switch key {
	case "id":
		c.ID, err = readString(value)
	case "name":
		c.Name, err = readString(value)
	case "content":
		c.Content, err = readContent(value)
	case "tool_call_chunks":
		err = json.Unmarshal(value, &c.ToolCallChunks)
		if len(c.ToolCallChunks) == 0 {
			c.ToolCallChunks = nil
		}
	case "usage_metadata":
		c.UsageMetadata = readUsage(value)
	case "additional_kwargs":
		c.AdditionalKwargs, err = readMap(value)
	case "response_metadata":
		c.ResponseMetadata, err = readMap(value)
	case "chunk_position":
		c.Last = string(value) == `"last"`
	}
	return err
}
