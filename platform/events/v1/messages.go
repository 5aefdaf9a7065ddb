package v1

import (
	"encoding/json"
	"maps"
	"strconv"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/wire"
)

// messages is what the two modes of messages remember. A nil one remembers nothing.
type messages struct {
	// seen are the ids that were streamed or are in the state: a node that returns one of them says nothing new.
	seen map[string]bool
	// spoken are the messages that came in chunks.
	spoken map[string]*speech
	// completed are the ids that messages/complete has shown.
	completed map[string]bool
}

// speech is one message that a model speaks.
type speech struct {
	metadata []byte
	so       graphs.Accumulator // what was said so far; only for mode messages
}

func newMessages() *messages {
	return &messages{seen: map[string]bool{}, spoken: map[string]*speech{}, completed: map[string]bool{}}
}

// know takes the messages of a base checkpoint as seen.
func (m *messages) know(s *space) {
	if m == nil {
		return
	}
	for _, channel := range s.state.Names() {
		for _, item := range s.state.Items(channel) {
			m.see(item)
		}
	}
}

// learn takes the messages that a step added as seen.
func (m *messages) learn(patch map[string]graphs.ChannelPatch) {
	if m == nil {
		return
	}
	for _, p := range patch {
		for _, item := range p.Add {
			m.see(item)
		}
		var items []json.RawMessage
		if json.Unmarshal(p.Set, &items) == nil {
			for _, item := range items {
				m.see(item)
			}
		}
	}
}

func (m *messages) see(item json.RawMessage) {
	if id := messageID(item); id != "" {
		m.seen[id] = true
	}
}

// messageID returns the id of what looks like a message, else "".
func messageID(item json.RawMessage) string {
	if len(item) == 0 || item[0] != '{' {
		return ""
	}
	var m struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	}
	if json.Unmarshal(item, &m) != nil {
		return ""
	}
	switch graphs.MessageType(m.Type) {
	case graphs.TypeHuman, graphs.TypeAI, graphs.TypeTool, graphs.TypeSystem, graphs.TypeFunction, graphs.TypeChat:
		return m.ID
	}
	return ""
}

// chunk shows one delta: as itself (streaming.md §1.5.4) and as the message so far (§1.5.3).
func (f *Fold) chunk(taskID string, c *graphs.ChunkSent) {
	if f.messages == nil || c.Delta.ID == "" {
		return
	}
	s := f.messages.spoken[c.Delta.ID]
	first := s == nil
	if first {
		s = &speech{metadata: f.messageMetadata(taskID, c.Call)}
		f.messages.spoken[c.Delta.ID] = s
		f.messages.seen[c.Delta.ID] = true
	}
	if f.options.has(wire.StreamMessages) {
		f.partial(s, c, first)
	}
	if f.options.has(wire.StreamMessagesTuple) {
		f.tuple(taskID, s.metadata, c.Delta.AppendWire)
	}
}

func (f *Fold) partial(s *speech, c *graphs.ChunkSent, first bool) {
	if first {
		dst := events.AppendString([]byte{'{'}, c.Delta.ID)
		dst = append(dst, `:{"metadata":`...)
		dst = append(dst, s.metadata...)
		f.emit(placeMessageMetadata, "messages/metadata", append(dst, "}}"...))
	}
	s.so.Add(c.Delta)
	const chunkType, wholeType = `{"type":"AIMessageChunk"`, `[{"type":"ai"`
	whole := s.so.Chunk().AppendWire(nil)
	dst := append(make([]byte, 0, len(whole)+1), wholeType...)
	dst = append(dst, whole[len(chunkType):]...)
	f.emit(placePartial, "messages/partial", append(dst, ']'))
}

// message shows a whole message once, unless it was streamed or is in the state. Removals are always news.
func (f *Fold) message(taskID string, m *graphs.MessageSent) {
	if f.messages == nil || m.Message.ID == "" {
		return
	}
	if m.Message.Type == graphs.TypeRemove {
		delete(f.messages.seen, m.Message.ID)
	} else if f.messages.seen[m.Message.ID] {
		return
	} else {
		f.messages.seen[m.Message.ID] = true
	}
	if f.options.has(wire.StreamMessagesTuple) {
		f.tuple(taskID, f.messageMetadata(taskID, m.Call), m.Message.AppendJSON)
	}
}

func (f *Fold) tuple(taskID string, metadata []byte, appendMessage func([]byte) []byte) {
	dst := append(make([]byte, 0, len(metadata)+384), '[')
	dst = appendMessage(dst)
	dst = append(dst, ',')
	dst = append(dst, metadata...)
	ns := ""
	if t := f.tasks[taskID]; t != nil {
		ns = t.ns
	}
	f.emit(placeMessages, suffixed("messages", ns), append(dst, ']'))
}

// messageMetadata is the second half of a pair: the run's metadata, who speaks, and the model call's own.
func (f *Fold) messageMetadata(taskID string, call map[string]json.RawMessage) []byte {
	all := map[string]json.RawMessage{"tags": json.RawMessage("[]")}
	if t := f.tasks[taskID]; t != nil {
		maps.Copy(all, t.started.Metadata)
		f.speaker(all, t)
	}
	for key, value := range map[string]string{
		"run_id": f.run.RunID, "thread_id": f.run.ThreadID, "graph_id": f.run.GraphID, "assistant_id": f.run.AssistantID,
	} {
		if value != "" {
			all[key] = events.AppendString(nil, value)
		}
	}
	all["run_attempt"] = strconv.AppendInt(nil, int64(f.attempt), 10)
	maps.Copy(all, call)
	return appendObject(nil, all)
}

func (f *Fold) speaker(all map[string]json.RawMessage, t *task) {
	ns := t.started.Name + ":" + t.started.ID
	if t.ns != "" {
		ns = t.ns + "|" + ns
	}
	all["langgraph_node"] = events.AppendString(nil, t.started.Name)
	all["langgraph_step"] = strconv.AppendInt(nil, int64(t.started.Step), 10)
	all["langgraph_triggers"] = appendStrings(nil, t.started.Triggers)
	all["langgraph_checkpoint_ns"] = events.AppendString(nil, ns)
	all["checkpoint_ns"] = all["langgraph_checkpoint_ns"]
	all["langgraph_path"] = json.RawMessage("[]")
	if path, err := json.Marshal(t.started.Path); err == nil && len(t.started.Path) > 0 {
		all["langgraph_path"] = path
	}
}

// complete shows the finished messages of a values snapshot that it has not shown yet.
func (f *Fold) complete(s *space) {
	if !f.options.has(wire.StreamMessages) {
		return
	}
	var dst []byte
	for _, channel := range s.state.Names() {
		if !s.shows(channel) {
			continue
		}
		for _, item := range s.state.Items(channel) {
			id := messageID(item)
			if id == "" || f.messages.completed[id] {
				continue
			}
			f.messages.completed[id] = true
			dst = append(append(dst, separator(len(dst), '[')), item...)
		}
	}
	if dst != nil {
		f.emit(placeComplete, "messages/complete", append(dst, ']'))
	}
}
