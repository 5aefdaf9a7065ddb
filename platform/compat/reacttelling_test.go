package compat

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// telling is one thing that a run tells, whatever the protocol: a state, an update, a message, a question ...
type telling struct {
	space  string // node:task|node:task
	method string
	node   string // of an update
	data   any
	within string // how many states the graphs around have told before
}

// kind is what it tells of, for alignment and for exceptions.
func (x telling) kind() string {
	kind := x.method
	if x.node != "" {
		kind += "/" + x.node
	}
	object, _ := x.data.(map[string]any)
	if key, ok := map[string]string{"tools": "event", "messages": "type", "custom": "name"}[x.method]; ok && object[key] != nil {
		kind += "/" + object[key].(string)
	}
	if _, over := object["result"]; over && x.method == "tasks" {
		kind += "/result"
	}
	return kind
}

// nodes is the namespace without its tasks.
func (x telling) nodes() string { return taskID.ReplaceAllString(x.space, "") }

var taskID = regexp.MustCompile(`:[^|]*`)

// toldByV2 is what frames of protocol v2 tell, run by run. Lifecycles of namespaces follow from what is in them.
func toldByV2(list []frame) (runs [][]telling) {
	spoken := map[string]map[string]any{}
	var hidden middleware
	for _, f := range list {
		event, _ := f.Data.(map[string]any)
		params, _ := event["params"].(map[string]any)
		x := telling{method: event["method"].(string), data: plain(params["data"])}
		x.node, _ = params["node"].(string)
		x.space = joined(params["namespace"])
		data, _ := x.data.(map[string]any)
		switch x.method {
		case "lifecycle":
			state := data["event"].(string)
			switch {
			case x.space != "":
				continue
			case state == "running":
				runs = append(runs, nil)
			}
			x.method, x.data = "run", map[string]any{"status": state}
			if text, ok := data["error"].(string); ok {
				var failure any
				if json.Unmarshal([]byte(text), &failure) == nil {
					x.data = map[string]any{"status": state, "failure": failure}
				}
			}
		case "input.requested":
			x.method, x.data = "input", map[string]any{"id": data["interrupt_id"], "value": data["payload"]}
		case "tools": // v1 has no namespaces of nodes
			x.space = outer(x.space)
			if output, over := data["output"]; over {
				data["output"] = messageOf(output, data["tool_call_id"])
			}
		case "messages":
			said := spoken[data["run_id"].(string)]
			if said != nil {
				speak(said, data)
				continue
			}
			said = map[string]any{"id": data["id"], "type": "ai", "text": "", "pieces": 0, "calls": []any{}, "task": lastOf(x.space)}
			x.space = outer(x.space)
			spoken[data["run_id"].(string)], x.data = said, said
		}
		if last := len(runs) - 1; !hidden.hides(&x) {
			runs[last] = append(runs[last], x)
		}
	}
	return runs
}

// messageOf is the message of a tool's output, which may be a command that has it.
func messageOf(output, call any) any {
	command, _ := output.(map[string]any)
	update, _ := command["update"].(map[string]any)
	messages, _ := update["messages"].([]any)
	for _, m := range messages {
		if m.(map[string]any)["tool_call_id"] == call {
			return m
		}
	}
	return output
}

// speak adds an event of a message to what was said.
func speak(said, event map[string]any) {
	if delta, ok := event["delta"].(map[string]any); ok && delta["type"] == "text-delta" {
		said["pieces"] = said["pieces"].(int) + 1
	}
	content, _ := event["content"].(map[string]any)
	if event["event"] != "content-block-finish" {
		return
	}
	switch content["type"] {
	case "text":
		said["text"] = said["text"].(string) + content["text"].(string)
	case "tool_call":
		said["calls"] = append(said["calls"].([]any), content)
	}
}

func joined(namespace any) string {
	list, _ := namespace.([]any)
	parts := make([]string, len(list))
	for i, part := range list {
		parts[i] = part.(string)
	}
	return strings.Join(parts, "|")
}

// toldByV1 is what frames of protocol v1 tell.
func toldByV1(list []frame) (out []telling) {
	asked, spoken := map[string]bool{}, map[string]map[string]any{}
	end := map[string]any{"status": "completed"}
	for _, f := range list {
		method, space, _ := strings.Cut(f.Event, "|")
		x := telling{space: space, method: method, data: plain(f.Data)}
		data, _ := x.data.(map[string]any)
		switch method {
		case "metadata":
			x.method, x.data = "run", map[string]any{"status": "running"}
		case "error":
			end = map[string]any{"status": "failed", "failure": x.data}
			continue
		case "values":
			if _, waits := data["__interrupt__"]; waits {
				end = map[string]any{"status": "interrupted"}
				continue // it is the state as before, and the questions
			}
		case "updates":
			for node, update := range data {
				if !strings.HasPrefix(node, "__") {
					x.node, x.data = node, update
				}
			}
			questions, _ := data["__interrupt__"].([]any)
			for _, question := range questions { // the graphs around ask it, too
				if id := question.(map[string]any)["id"].(string); !asked[id] {
					asked[id] = true
					out = append(out, telling{space: space, method: "input", data: question})
				}
			}
			if questions != nil {
				continue
			}
		case "checkpoints":
			metadata := data["metadata"].(map[string]any)
			if metadata["source"] == "input" {
				continue // v2 tells those of states that it shows
			}
			x.data = map[string]any{
				"id": checkpointID(data["checkpoint"]), "parent_id": checkpointID(data["parent_checkpoint"]),
				"step": metadata["step"], "source": metadata["source"],
			}
			if last := len(out) - 1; out[last].method == "values" && out[last].space == space {
				out = slices.Insert(out, last, x) // v2 says before a state where it is
				continue
			}
		case "custom":
			x.data = map[string]any{"payload": x.data}
		case "tools":
			x.data = toolEvent(data)
		case "messages":
			pair := x.data.([]any)
			message, metadata := pair[0].(map[string]any), pair[1].(map[string]any)
			id := message["id"].(string)
			said := spoken[id]
			if said == nil {
				kind := strings.ToLower(strings.TrimSuffix(message["type"].(string), "MessageChunk"))
				said = map[string]any{"id": id, "type": kind, "text": "", "pieces": 0, "calls": []any{}, "task": lastOf(metadata["langgraph_checkpoint_ns"].(string))}
				spoken[id], x.data = said, said
				out = append(out, x)
			}
			text, _ := message["content"].(string)
			if text != "" {
				said["text"], said["pieces"] = said["text"].(string)+text, said["pieces"].(int)+1
			}
			calls, _ := message["tool_calls"].([]any)
			said["calls"] = append(said["calls"].([]any), calls...)
			continue
		}
		out = append(out, x)
	}
	return append(out, telling{method: "run", data: end})
}

func checkpointID(checkpoint any) any {
	object, _ := checkpoint.(map[string]any)
	return object["checkpoint_id"]
}

// toolEvent is an event of a tool as v2 tells it.
func toolEvent(data map[string]any) map[string]any {
	out := map[string]any{"tool_call_id": data["toolCallId"]}
	switch data["event"] {
	case "on_tool_start":
		out["event"], out["tool_name"], out["input"] = "tool-started", data["name"], data["input"]
	case "on_tool_end":
		out["event"], out["output"] = "tool-finished", data["output"]
	case "on_tool_error":
		out["event"], out["message"] = "tool-error", data["error"]
	default:
		out["event"] = data["event"]
	}
	return out
}

// plain brings messages into one form: v2 makes blocks of what was streamed and says so, and leaves out what is empty.
func plain(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = plain(v[key])
		}
		if kind, _ := v["type"].(string); kind != "" && v["content"] != nil {
			plainMessage(v)
		}
	}
	return v
}

func plainMessage(m map[string]any) {
	if blocks, ok := m["content"].([]any); ok {
		text := ""
		for _, block := range blocks {
			part, _ := block.(map[string]any)
			said, _ := part["text"].(string)
			text += said
		}
		m["content"] = text
	}
	if about, ok := m["response_metadata"].(map[string]any); ok {
		delete(about, "output_version")
		delete(about, "finish_reason")
	}
	delete(m, "content_blocks")
	for key, value := range m {
		switch value := value.(type) {
		case nil:
			delete(m, key)
		case map[string]any:
			if len(value) == 0 {
				delete(m, key)
			}
		case []any:
			if len(value) == 0 {
				delete(m, key)
			}
		}
	}
}
