// Package scripted has models whose answers are written down.
package scripted

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/locutory/locutory/graphs"
)

// Line is an answer. Without an ID its message gets one that nothing else has.
type Line struct {
	ID, Text string
	Calls    []graphs.ToolCall
}

// Call is a tool call with its arguments as JSON.
func Call(id, tool, args string) graphs.ToolCall {
	return graphs.ToolCall{ID: id, Name: tool, Args: json.RawMessage(args)}
}

// Model answers to a user by the first line and to tools by the last one, each in one piece, under its name. When the conversation
// goes on, the ids of later turns say which one it is: an id that comes twice would replace the message that had it.
type Model struct {
	Name        string
	First, Last Line
}

// Info implements [graphs.ChatModel].
func (Model) Info() graphs.ModelInfo { return graphs.ModelInfo{Provider: "scripted", Name: "scripted"} }

// Stream implements [graphs.ChatModel].
func (m Model) Stream(ctx context.Context, req graphs.ModelRequest) iter.Seq2[graphs.MessageChunk, error] {
	return func(yield func(graphs.MessageChunk, error) bool) {
		line, turn := m.First, 0
		for _, said := range req.Messages {
			if said.Type == graphs.TypeHuman {
				turn++
			}
		}
		if n := len(req.Messages); n > 0 && req.Messages[n-1].Type == graphs.TypeTool {
			line = m.Last
		}
		chunk := graphs.MessageChunk{ID: ofTurn(line.ID, turn), Name: m.Name, Content: graphs.Content{Text: line.Text}}
		if line.ID == "" {
			chunk.ID = "run-" + uuid.NewString()
		}
		for i, call := range line.Calls {
			chunk.ToolCallChunks = append(chunk.ToolCallChunks, graphs.ToolCallChunk{
				Index: i, ID: ofTurn(call.ID, turn), Name: call.Name, Args: string(call.Args),
			})
		}
		yield(chunk, ctx.Err())
	}
}

func ofTurn(id string, turn int) string {
	if turn < 2 {
		return id
	}
	return fmt.Sprintf("%s-turn-%d", id, turn)
}

// Teller says its text character by character. Its messages are counted in each thread, as long as the process runs.
type Teller struct {
	text string
	mu   sync.Mutex
	said map[string]int
}

// NewTeller returns a teller of the text.
func NewTeller(text string) *Teller { return &Teller{text: text, said: map[string]int{}} }

// Info implements [graphs.ChatModel].
func (*Teller) Info() graphs.ModelInfo {
	return graphs.ModelInfo{Provider: "scripted", Name: "scripted"}
}

// Stream implements [graphs.ChatModel].
func (t *Teller) Stream(ctx context.Context, _ graphs.ModelRequest) iter.Seq2[graphs.MessageChunk, error] {
	return func(yield func(graphs.MessageChunk, error) bool) {
		id := fmt.Sprintf("stategraph-message-%d", t.next(graphs.RuntimeFrom(ctx).ThreadID))
		for _, letter := range strings.Split(t.text, "") {
			if !yield(graphs.MessageChunk{ID: id, Content: graphs.Content{Text: letter}}, ctx.Err()) {
				return
			}
		}
	}
}

func (t *Teller) next(thread string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.said[thread]++
	return t.said[thread] - 1
}

// Node is a node that adds what the model says.
func Node(model graphs.ChatModel) func(context.Context, graphs.MessagesState) (graphs.Update, error) {
	return func(ctx context.Context, s graphs.MessagesState) (graphs.Update, error) {
		said, err := graphs.CallModel(ctx, model, graphs.ModelRequest{Messages: s.Messages})
		if err != nil {
			return nil, err
		}
		return graphs.Set{"messages": []graphs.Message{said}}, nil
	}
}
