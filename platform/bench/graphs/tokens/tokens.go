// Package tokens is a graph of one node that streams a message in many chunks.
package tokens

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/locutory/locutory/graphs"
)

// Graph streams configurable.n_tokens chunks (200), configurable.delay_ms apart (0).
var Graph = graphs.NewStateGraph[graphs.MessagesState]().
	AddNode("speak", speak).
	AddEdge(graphs.Start, "speak").
	AddEdge("speak", graphs.End)

func speak(ctx context.Context, _ graphs.MessagesState) (graphs.Update, error) {
	runtime := graphs.RuntimeFrom(ctx)
	n, delay := 200, 0
	for name, into := range map[string]*int{"n_tokens": &n, "delay_ms": &delay} {
		if raw, ok := runtime.Config.Configurable[name]; ok {
			if err := json.Unmarshal(raw, into); err != nil {
				return nil, fmt.Errorf("configurable.%s: %w", name, err)
			}
		}
	}
	said := graphs.AI("")
	said.ID = "run-" + uuid.NewString()
	var whole strings.Builder
	for i := range n {
		text := fmt.Sprintf("tok%d ", i)
		whole.WriteString(text)
		if err := runtime.Chunk(graphs.MessageChunk{ID: said.ID, Content: graphs.Content{Text: text}}, nil); err != nil {
			return nil, err
		}
		if delay == 0 {
			continue
		}
		select {
		case <-time.After(time.Duration(delay) * time.Millisecond):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	said.Content = graphs.Content{Text: whole.String()}
	return graphs.Patch(graphs.MessagesState{Messages: []graphs.Message{said}}), nil
}
