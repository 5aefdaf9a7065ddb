package prebuilt

import (
	"reflect"
	"slices"
	"strings"

	"github.com/locutory/locutory/graphs"
)

// lastAsked finds the ai message whose calls are to be answered: only tool messages may follow it.
func lastAsked(msgs []graphs.Message) (at int, ok bool) {
	for at := len(msgs) - 1; at >= 0; at-- {
		switch {
		case msgs[at].Type == graphs.TypeAI:
			return at, len(msgs[at].ToolCalls)+len(msgs[at].InvalidToolCalls) > 0
		case msgs[at].Type != graphs.TypeTool:
			return 0, false
		}
	}
	return 0, false
}

// openCalls leaves out what was answered already, by a person who refused it or by an update of the state.
func openCalls(msgs []graphs.Message, asked int) []graphs.ToolCall {
	return slices.DeleteFunc(slices.Clone(msgs[asked].ToolCalls), func(c graphs.ToolCall) bool { return isAnswered(msgs[asked+1:], c.ID) })
}

func openInvalid(msgs []graphs.Message, asked int) []graphs.InvalidToolCall {
	return slices.DeleteFunc(slices.Clone(msgs[asked].InvalidToolCalls), func(c graphs.InvalidToolCall) bool { return isAnswered(msgs[asked+1:], c.ID) })
}

// conversation returns how to read the messages of a state. It panics if S has none.
func conversation[S any]() func(S) []graphs.Message {
	t := reflect.TypeFor[S]()
	if t == reflect.TypeFor[graphs.Values]() {
		return func(s S) []graphs.Message { return graphs.Value[[]graphs.Message](any(s).(graphs.Values), "messages") }
	}
	if t.Kind() == reflect.Struct {
		for _, f := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "messages" && f.Type == reflect.TypeFor[[]graphs.Message]() {
				return func(s S) []graphs.Message {
					return reflect.ValueOf(s).FieldByIndex(f.Index).Interface().([]graphs.Message)
				}
			}
		}
	}
	panic("prebuilt: " + t.String() + " has no messages; embed graphs.MessagesState")
}

// hasKey reports whether a state's struct has a key.
func hasKey(t reflect.Type, key string) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	return slices.ContainsFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		return name == key
	})
}

func isAnswered(after []graphs.Message, id string) bool {
	return slices.ContainsFunc(after, func(m graphs.Message) bool { return m.ToolCallID == id })
}

// answered adds, for the model only, answers to calls that will never have one since a run was cancelled: providers refuse a
// conversation with open calls.
func answered(msgs []graphs.Message) []graphs.Message {
	done := make(map[string]bool)
	for _, m := range msgs {
		if m.Type == graphs.TypeTool {
			done[m.ToolCallID] = true
		}
	}
	var out []graphs.Message
	for i, m := range msgs {
		if out != nil {
			out = append(out, m)
		}
		for _, call := range allCalls(m) {
			if done[call.ID] {
				continue
			}
			if out == nil {
				out = slices.Clone(msgs[:i+1])
			}
			out = append(out, failed(call, "Error: the call was cancelled."))
		}
	}
	if out == nil {
		return msgs
	}
	return out
}

func allCalls(m graphs.Message) []graphs.ToolCall {
	calls := slices.Clip(m.ToolCalls)
	for _, bad := range m.InvalidToolCalls {
		calls = append(calls, graphs.ToolCall{ID: bad.ID, Name: bad.Name})
	}
	return calls
}
