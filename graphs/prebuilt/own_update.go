package prebuilt

import (
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"
	"github.com/locutory/locutory/graphs"
)

// ownUpdate takes what a tool returned instead of a result. Its tool message gets what it lacks, and is found for readers. An update
// that leaves the call open is the tool's mistake: the model would be told that the call was cancelled, and make it again.
func ownUpdate(call graphs.ToolCall, u graphs.Update) result {
	if p, ok := u.(*graphs.Command); ok {
		u = *p
	}
	c := completer{call: call}
	r := result{update: c.complete(u)}
	r.message = c.message
	if !c.answered && !isToParent(u) {
		return result{err: fmt.Errorf("tool %s: its update leaves the call open; add graphs.ToolResult(call.ID, ...) to its messages, with the call of graphs.ToolCallFrom(ctx)", call.Name)}
	}
	return r
}

type completer struct {
	call     graphs.ToolCall
	message  graphs.Message
	answered bool
}

func (c *completer) complete(u graphs.Update) graphs.Update {
	switch u := u.(type) {
	case nil:
		return nil
	case graphs.Command:
		u.Update = c.complete(u.Update)
		return u
	case graphs.Updates:
		u = slices.Clone(u)
		for i := range u {
			u[i] = c.complete(u[i])
		}
		return u
	case graphs.Set:
		msgs, ok := u["messages"].([]graphs.Message)
		if !ok {
			c.answered = c.answered || u["messages"] != nil // by way of JSON
			return u
		}
		u = maps.Clone(u)
		u["messages"] = c.messages(slices.Clone(msgs))
		return u
	}
	c.answered = true // a Patch cannot be looked into
	return u
}

func (c *completer) messages(msgs []graphs.Message) []graphs.Message {
	for i := range msgs {
		m := &msgs[i]
		if m.Type == graphs.TypeRemove && m.ID == graphs.RemoveAllID {
			c.answered = true // there is no call any more
		}
		if m.ToolCallID != c.call.ID || m.Type != graphs.TypeTool {
			continue
		}
		complete(c.call, m)
		c.message, c.answered = *m, true
	}
	return msgs
}

// complete fills in what a tool message may leave out. It has an id now, so that what is reported has the one that the state will have.
func complete(call graphs.ToolCall, m *graphs.Message) {
	if m.Name == "" {
		m.Name = call.Name
	}
	if m.Status == "" {
		m.Status = graphs.StatusSuccess
	}
	if m.ID == "" {
		m.ID = uuid.NewString()
	}
}
