package mcp

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/store"
)

// contextArgument is the argument that is the run's context, unless the graph has an input of that name.
const contextArgument = "context"

// open is the schema of a tool of whose input nothing is known.
var open = json.RawMessage(`{"type":"object"}`)

// messages is what a model is asked for where a graph takes messages: of the many forms that are read, the one that models know best.
var messages = json.RawMessage(`{"type":"array","description":"The conversation, oldest message first.","items":{"type":"object",` +
	`"properties":{"role":{"type":"string","enum":["user","assistant","system"]},"content":{"type":"string"}},"required":["role","content"]}}`)

// schema is the input schema of an assistant's tool. A graph that does not load has one that takes anything: the call says why.
func (s *Server) schema(ctx context.Context, a store.Assistant) json.RawMessage {
	all, err := s.schemas(ctx, a)
	if err != nil {
		s.Log.DebugContext(ctx, "a tool has no schema", "assistant_id", a.ID, "error", err)
		return open
	}
	schema, properties, ok := object(all.Input)
	if !ok {
		return open
	}
	if _, taken := properties[contextArgument]; !taken && len(all.Context) > 0 {
		properties[contextArgument] = all.Context
	}
	for name, property := range properties {
		if isMessages(property) {
			properties[name] = messages
		}
	}
	schema["properties"], err = json.Marshal(properties)
	if err != nil {
		return open
	}
	whole, err := json.Marshal(schema)
	if err != nil {
		return open
	}
	return whole
}

// takesContext reports whether context is an input of the assistant's graph.
func (s *Server) takesContext(ctx context.Context, a store.Assistant) bool {
	all, err := s.schemas(ctx, a)
	if err != nil {
		return false
	}
	_, properties, _ := object(all.Input)
	_, taken := properties[contextArgument]
	return taken
}

// schemas are the graph's; a factory that panics is a graph that does not load.
func (s *Server) schemas(ctx context.Context, a store.Assistant) (all graphs.Schemas, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("graph %q: panic: %v", a.GraphID, p)
		}
	}()
	return s.Schemas(ctx, a)
}

// object takes the schema of an object apart. The maps are the caller's.
func object(raw json.RawMessage) (schema, properties map[string]json.RawMessage, ok bool) {
	if json.Unmarshal(raw, &schema) != nil || string(schema["type"]) != `"object"` {
		return nil, nil, false
	}
	if json.Unmarshal(schema["properties"], &properties) != nil || properties == nil {
		properties = map[string]json.RawMessage{}
	}
	return schema, properties, true
}

func isMessages(property json.RawMessage) bool {
	var marked struct {
		Type string `json:"langgraph_type"`
	}
	return json.Unmarshal(property, &marked) == nil && marked.Type == "messages"
}
