package scripted

import (
	"context"
	"encoding/json"
	"iter"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/locutory/locutory/graphs"
)

// Turn is one answer of a model: its text in pieces, then its calls. Without an ID its message gets one that nothing else has.
type Turn struct {
	ID     string
	Pieces []string
	Calls  []graphs.ToolCall
}

// Say is a turn of text, word by word.
func Say(text string) Turn { return Turn{Pieces: strings.SplitAfter(text, " ")} }

// Ask is a turn that asks for a tool, with its arguments as JSON.
func Ask(call, tool, args string) Turn {
	return Turn{Calls: []graphs.ToolCall{{ID: call, Name: tool, Args: json.RawMessage(args)}}}
}

// As is the turn under an id.
func (t Turn) As(id string) Turn {
	t.ID = id
	return t
}

func (t Turn) chunks() []graphs.MessageChunk {
	id := t.ID
	if id == "" {
		id = "run-" + uuid.NewString()
	}
	var out []graphs.MessageChunk
	for _, piece := range t.Pieces {
		out = append(out, graphs.MessageChunk{ID: id, Content: graphs.Content{Text: piece}})
	}
	for i, call := range t.Calls {
		for _, piece := range []graphs.ToolCallChunk{{Index: i, ID: call.ID, Name: call.Name}, {Index: i, Args: string(call.Args)}} {
			out = append(out, graphs.MessageChunk{ID: id, ToolCallChunks: []graphs.ToolCallChunk{piece}})
		}
	}
	out[len(out)-1].Last = true
	return out
}

// Answering is a model that makes each turn of what it is asked.
type Answering struct {
	Name   string
	Answer func(req graphs.ModelRequest) Turn
}

// Info implements [graphs.ChatModel].
func (m Answering) Info() graphs.ModelInfo {
	return graphs.ModelInfo{Provider: "scripted", Name: m.Name}
}

// Stream implements [graphs.ChatModel].
func (m Answering) Stream(ctx context.Context, req graphs.ModelRequest) iter.Seq2[graphs.MessageChunk, error] {
	return func(yield func(graphs.MessageChunk, error) bool) {
		for _, c := range m.Answer(req).chunks() {
			if err := ctx.Err(); err != nil {
				yield(graphs.MessageChunk{}, err)
				return
			}
			if !yield(c, nil) {
				return
			}
		}
	}
}

// Cycle is a model that takes the turns one after the other, whoever asks, and begins again at the end.
func Cycle(name string, turns ...Turn) graphs.ChatModel {
	var mu sync.Mutex
	next := 0
	return Answering{name, func(graphs.ModelRequest) Turn {
		mu.Lock()
		defer mu.Unlock()
		next++
		return turns[(next-1)%len(turns)]
	}}
}
