package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/store"
)

func TestSchema(t *testing.T) {
	t.Parallel()
	const chat = `{"type": "array", "langgraph_type": "messages", "items": {"type": "object"}}`
	for name, y := range map[string]struct {
		given graphs.Schemas
		err   error
		want  string
	}{
		"messages": {
			given: graphs.Schemas{Input: json.RawMessage(`{"type": "object", "required": ["messages"], "properties": {"messages": ` + chat + `, "n": {"type": "integer"}}}`)},
			want:  `{"type": "object", "required": ["messages"], "properties": {"messages": ` + string(messages) + `, "n": {"type": "integer"}}}`,
		},
		"settings": {
			given: graphs.Schemas{Input: json.RawMessage(`{"type": "object"}`), Context: json.RawMessage(`{"type": "object", "title": "C"}`)},
			want:  `{"type": "object", "properties": {"context": {"type": "object", "title": "C"}}}`,
		},
		"settings beside an input of that name": {
			given: graphs.Schemas{Input: json.RawMessage(`{"type": "object", "properties": {"context": {"type": "string"}}}`), Context: json.RawMessage(`{"type": "object"}`)},
			want:  `{"type": "object", "properties": {"context": {"type": "string"}}}`,
		},
		"none":          {want: `{"type": "object"}`},
		"no object":     {given: graphs.Schemas{Input: json.RawMessage(`{"type": "string"}`)}, want: `{"type": "object"}`},
		"everything":    {given: graphs.Schemas{Input: json.RawMessage(`true`)}, want: `{"type": "object"}`},
		"does not load": {err: errors.New("broken"), want: `{"type": "object"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := New(Config{Log: slog.New(slog.DiscardHandler), Schemas: func(context.Context, store.Assistant) (graphs.Schemas, error) { return y.given, y.err }})
			var got, want any
			if err := errors.Join(json.Unmarshal(s.schema(t.Context(), store.Assistant{}), &got), json.Unmarshal([]byte(y.want), &want)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("schema (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFactoriesThatPanicHaveNoSchema(t *testing.T) {
	t.Parallel()
	s := New(Config{Log: slog.New(slog.DiscardHandler), Schemas: func(context.Context, store.Assistant) (graphs.Schemas, error) { panic("kaput") }})
	if got := string(s.schema(t.Context(), store.Assistant{})); got != string(open) {
		t.Errorf("got %s", got)
	}
}
