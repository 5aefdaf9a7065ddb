package v1

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/wire"
)

// tool is streaming.md §1.5.10. The input of a call is text that holds JSON.
func (f *Fold) tool(ns string, t *graphs.ToolReported) {
	if !f.options.has(wire.StreamTools) {
		return
	}
	var event, field string
	switch t.Phase {
	case "started":
		event, field = "on_tool_start", "input"
	case "delta":
		event, field = "on_tool_event", "data"
	case "finished":
		event, field = "on_tool_end", "output"
	case "error":
		event, field = "on_tool_error", "error"
	default:
		return
	}
	dst := append([]byte(nil), `{"event":`...)
	dst = events.AppendString(dst, event)
	dst = append(dst, `,"toolCallId":`...)
	dst = events.AppendString(dst, t.CallID)
	dst = append(dst, `,"name":`...)
	dst = events.AppendString(dst, t.Name)
	dst = append(dst, `,"`...)
	dst = append(dst, field...)
	dst = append(dst, `":`...)
	if field == "input" && (len(t.Data) == 0 || t.Data[0] != '"') {
		dst = events.AppendString(dst, string(t.Data))
	} else {
		dst = events.AppendRaw(dst, t.Data)
	}
	f.emit(placeTools, suffixed("tools", ns), append(dst, '}'))
}

func appendStrings(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = events.AppendString(dst, s)
	}
	return append(dst, ']')
}

func appendObject(dst []byte, object map[string]json.RawMessage) []byte {
	dst = append(dst, '{')
	for i, key := range slices.Sorted(maps.Keys(object)) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = events.AppendString(dst, key)
		dst = events.AppendRaw(append(dst, ':'), object[key])
	}
	return append(dst, '}')
}
