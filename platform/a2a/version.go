package a2a

import (
	"encoding/json"
	"strings"
	"time"
)

// version is one of the protocol: it writes what the package knows as that version's clients read it.
type version int

const (
	v10 version = iota
	v03
)

// The states of tasks, in the words of version 0.3.
const (
	stateSubmitted = "submitted"
	stateWorking   = "working"
	stateAsks      = "input-required"
	stateCompleted = "completed"
	stateFailed    = "failed"
	stateCanceled  = "canceled"
)

// part is a piece of content: text, JSON, or a file by its address or as base64. Exactly one is set.
type part struct {
	text     *string
	data     json.RawMessage
	url, raw string
	media    string
	filename string
	metadata map[string]any
}

func textPart(text string) part { return part{text: &text} }

// message is one that somebody said.
type message struct {
	id    string
	agent bool // said by the agent, not by its user
	parts []part
	// task is empty in what was said before it began.
	task, context string
}

// status is a task's.
type status struct {
	state   string
	message *message
	at      time.Time
}

// artifact is what a task came to: a message that the assistant has said.
type artifact struct {
	id    string
	parts []part
}

// task is one as the protocol knows it.
type task struct {
	id, context string
	status      status
	artifacts   []artifact
	history     []message
}

// update is what happened to a task: a part of an artifact came, or, without one, its status changed.
type update struct {
	artifact *artifact
	append   bool
	last     bool
	status   status
	final    bool
}

func terminal(state string) bool {
	return state == stateCompleted || state == stateFailed || state == stateCanceled
}

type object = map[string]any

func (v version) state(s string) string {
	if v == v03 {
		return s
	}
	return "TASK_STATE_" + strings.ToUpper(strings.ReplaceAll(s, "-", "_"))
}

func (v version) part(p part) object {
	out := object{}
	kind := "file"
	switch {
	case p.text != nil:
		kind, out["text"] = "text", *p.text
	case p.data != nil:
		kind, out["data"] = "data", p.data
		if v == v03 && p.data[0] != '{' { // a part of that version holds an object only
			out["data"] = object{"value": p.data}
		}
	case v == v03:
		file := object{}
		set(file, "uri", p.url)
		set(file, "bytes", p.raw)
		set(file, "mimeType", p.media)
		set(file, "name", p.filename)
		out["file"] = file
	default:
		set(out, "url", p.url)
		set(out, "raw", p.raw)
		set(out, "filename", p.filename)
	}
	if p.metadata != nil {
		out["metadata"] = p.metadata
	}
	if v == v03 {
		out["kind"] = kind
	} else {
		set(out, "mediaType", p.media)
	}
	return out
}

// set adds a text that is not empty.
func set(to object, key, value string) {
	if value != "" {
		to[key] = value
	}
}

func (v version) parts(parts []part) []object {
	out := make([]object, len(parts))
	for i, p := range parts {
		out[i] = v.part(p)
	}
	return out
}

func (v version) message(m message) object {
	out := object{"messageId": m.id, "parts": v.parts(m.parts)}
	role := "user"
	if m.agent {
		role = "agent"
	}
	if v == v03 {
		out["kind"], out["role"] = "message", role
	} else {
		out["role"] = "ROLE_" + strings.ToUpper(role)
	}
	set(out, "taskId", m.task)
	set(out, "contextId", m.context)
	return out
}

func (v version) status(s status) object {
	out := object{"state": v.state(s.state)}
	if !s.at.IsZero() {
		out["timestamp"] = s.at.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	if s.message != nil {
		out["message"] = v.message(*s.message)
	}
	return out
}

func (v version) artifact(a artifact) object {
	return object{"artifactId": a.id, "name": "Assistant Response", "parts": v.parts(a.parts)}
}

func (v version) task(t task) object {
	out := object{"id": t.id, "contextId": t.context, "status": v.status(t.status)}
	if v == v03 {
		out["kind"] = "task"
	}
	if len(t.artifacts) > 0 {
		artifacts := make([]object, len(t.artifacts))
		for i, a := range t.artifacts {
			artifacts[i] = v.artifact(a)
		}
		out["artifacts"] = artifacts
	}
	if len(t.history) > 0 {
		history := make([]object, len(t.history))
		for i, m := range t.history {
			history[i] = v.message(m)
		}
		out["history"] = history
	}
	return out
}

// sent is a task as the answer to a message, which in version 1.0 may be of several kinds.
func (v version) sent(t task) object {
	if v == v03 {
		return v.task(t)
	}
	return object{"task": v.task(t)}
}

// event is an update in the stream of a task.
func (v version) event(id, context string, u update) object {
	out := object{"taskId": id, "contextId": context}
	kind, wrap := "status-update", "statusUpdate"
	if u.artifact != nil {
		kind, wrap = "artifact-update", "artifactUpdate"
		out["artifact"], out["append"], out["lastChunk"] = v.artifact(*u.artifact), u.append, u.last
	} else {
		out["status"] = v.status(u.status)
	}
	if v == v10 {
		return object{wrap: out}
	}
	if u.artifact == nil {
		out["final"] = u.final
	}
	out["kind"] = kind
	return out
}
