package graphs

import (
	"encoding/json"
	"fmt"
	"strings"
)

// UnmarshalJSON reads every form of a message that clients send (streaming.md §2.4): a string, a [role, content] pair,
// an object with type or role, a stored message and LangChain's constructor form. Chunks become full messages.
func (m *Message) UnmarshalJSON(data []byte) error {
	raw, err := compactJSON(data)
	if err != nil {
		return err
	}
	*m, err = readMessage(raw)
	return err
}

func readMessage(raw json.RawMessage) (Message, error) {
	switch raw[0] {
	case '"':
		text, err := readString(raw)
		return Human(text), err
	case '[':
		return readPair(raw)
	case '{':
		return readObject(raw, "")
	}
	return Message{}, fmt.Errorf("%w: %.40s: want a string, an object or a [role, content] pair", ErrMessage, raw)
}

func readPair(raw json.RawMessage) (Message, error) {
	var pair []json.RawMessage
	for item := range elements(raw) {
		pair = append(pair, item)
	}
	if len(pair) != 2 || pair[0][0] != '"' {
		return Message{}, fmt.Errorf("%w: %.40s: want a [role, content] pair", ErrMessage, raw)
	}
	role, err := readString(pair[0])
	if err != nil {
		return Message{}, err
	}
	content, err := readContent(pair[1])
	if err != nil {
		return Message{}, err
	}
	d := draft{role: role, Message: Message{Content: content}}
	return d.finish("")
}

// draft is a message whose fields were read and whose form is not known yet.
type draft struct {
	Message
	typ, role      string
	id, lc, kwargs json.RawMessage
	data           json.RawMessage
	chunks         []ToolCallChunk
	hasContent     bool
}

// readObject reads an object; class, when set, is the type that an outer form has told.
func readObject(raw json.RawMessage, class string) (Message, error) {
	var d draft
	for key, value := range fields(raw) {
		if err := d.set(key, value); err != nil {
			return Message{}, fmt.Errorf("%s: %w", key, err)
		}
	}
	if class == "" && d.lc != nil && isObject(d.kwargs) {
		return d.construct()
	}
	if class == "" && isObject(d.data) && !d.hasContent {
		return readObject(d.data, d.typ)
	}
	d.keep("lc", d.lc)
	d.keep("kwargs", d.kwargs)
	d.keep("data", d.data)
	return d.finish(class)
}

func isObject(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '{' }

func (d *draft) keep(key string, value json.RawMessage) {
	if value == nil {
		return
	}
	if d.Extra == nil {
		d.Extra = make(map[string]json.RawMessage)
	}
	d.Extra[key] = value
}

func (d *draft) set(key string, value json.RawMessage) (err error) {
	switch key {
	case "type":
		d.typ, err = readString(value)
	case "role":
		d.role, err = readString(value)
	case "id":
		d.id = value
	case "content":
		d.hasContent = true
		d.Content, err = readContent(value)
	case "name":
		d.Name, err = readString(value)
	case "tool_call_id":
		d.ToolCallID, err = readString(value)
	case "status":
		d.Status, err = readString(value)
	case "artifact":
		d.Artifact = notNull(value)
	case "additional_kwargs":
		d.AdditionalKwargs, err = readMap(value)
	case "response_metadata":
		d.ResponseMetadata, err = readMap(value)
	case "lc":
		d.lc = value
	case "kwargs":
		d.kwargs = value
	case "data":
		d.data = value
	default:
		err = d.setCalls(key, value)
	}
	return err
}

func (d *draft) setCalls(key string, value json.RawMessage) error {
	switch key {
	case "tool_calls":
		calls, invalid, err := readCalls(value)
		d.ToolCalls, d.InvalidToolCalls = calls, append(d.InvalidToolCalls, invalid...)
		return err
	case "invalid_tool_calls":
		invalid, err := readInvalidCalls(value)
		d.InvalidToolCalls = append(d.InvalidToolCalls, invalid...)
		return err
	case "tool_call_chunks":
		return json.Unmarshal(value, &d.chunks)
	case "usage_metadata":
		if d.UsageMetadata = readUsage(value); d.UsageMetadata == nil {
			d.keep(key, notNull(value))
		}
		return nil
	}
	d.keep(key, value)
	return nil
}

// construct reads {"lc":1,"type":"constructor","id":[..., "HumanMessage"],"kwargs":{...}}.
func (d *draft) construct() (Message, error) {
	var path []string
	if err := json.Unmarshal(d.id, &path); err != nil || len(path) == 0 {
		return Message{}, fmt.Errorf("%w: a constructor's id is a list that ends with a class name", ErrMessage)
	}
	return readObject(d.kwargs, path[len(path)-1])
}

// finish checks the fields against the type.
func (d *draft) finish(class string) (Message, error) {
	m := &d.Message
	if class == "" {
		class = d.typ
	}
	var known bool
	if m.Type, known = typeOf(class); !known {
		m.Type, known = typeOf(d.role)
	}
	if !known {
		return Message{}, fmt.Errorf("%w: unknown role or type %q: want human, user, ai, assistant, system, developer, tool, function, chat or remove",
			ErrMessage, firstOf(class, d.role))
	}
	if d.id != nil {
		var err error
		if m.ID, err = readString(d.id); err != nil {
			return Message{}, fmt.Errorf("id: %w", err)
		}
	}
	switch {
	case m.Type == TypeChat && d.role != "":
		d.keep("role", json.RawMessage(appendString(nil, d.role)))
	case class == "developer" || d.role == "developer":
		m.AdditionalKwargs = with(m.AdditionalKwargs, "__openai_role__", json.RawMessage(`"developer"`))
	case m.Type == TypeTool && m.ToolCallID == "":
		return Message{}, fmt.Errorf("%w: a tool message needs tool_call_id", ErrMessage)
	case m.Type == TypeRemove && m.ID == "":
		return Message{}, fmt.Errorf("%w: a remove message needs id", ErrMessage)
	case m.Type == TypeAI && len(m.ToolCalls)+len(m.InvalidToolCalls) == 0:
		d.findCalls()
	}
	return *m, nil
}

// findCalls finds the tool calls of a message that has them only as chunks or in the provider's own form.
func (d *draft) findCalls() {
	if len(d.chunks) > 0 {
		var pieces callPieces
		pieces.add(d.chunks)
		d.ToolCalls, d.InvalidToolCalls = pieces.calls()
		return
	}
	raw := d.AdditionalKwargs["tool_calls"]
	if len(raw) == 0 || raw[0] != '[' {
		return
	}
	if calls, invalid, err := readCalls(raw); err == nil {
		d.ToolCalls, d.InvalidToolCalls = calls, invalid
	}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func typeOf(name string) (MessageType, bool) {
	name = strings.TrimSuffix(strings.TrimSuffix(name, "Chunk"), "Message")
	switch strings.ToLower(name) {
	case "human", "user":
		return TypeHuman, true
	case "ai", "assistant":
		return TypeAI, true
	case "system", "developer":
		return TypeSystem, true
	case "tool", "function", "chat", "remove":
		return MessageType(strings.ToLower(name)), true
	}
	return "", false
}
