package graphtest

import (
	"context"
	"errors"
	"iter"
	"strings"
	"sync"

	"github.com/locutory/locutory/graphs"
)

// Model is a chat model that says what it was told to: one [Turn] a call, from the beginning again after the last.
// It is safe for concurrent use.
type Model struct {
	mu       sync.Mutex
	turns    []Turn
	next     int
	requests []graphs.ModelRequest
}

var _ graphs.ChatModel = (*Model)(nil)

// Turn is one answer. The text comes first, in Pieces when there are any, else one chunk for each character; then the calls,
// each as its name and its arguments in two halves; then Err, if set.
type Turn struct {
	// ID is the message's id; empty gives each call a fresh one.
	ID     string
	Text   string
	Pieces []string
	Calls  []graphs.ToolCall
	Usage  *graphs.Usage
	Err    error
	// Gate, when not nil, must give a value before each chunk; closing it lets everything pass.
	Gate <-chan struct{}
}

// NewModel returns a model with a script.
func NewModel(turns ...Turn) *Model { return &Model{turns: turns} }

// Say is a turn that is text only.
func Say(text string) Turn { return Turn{Text: text} }

// Ask is a turn that asks for tools.
func Ask(calls ...graphs.ToolCall) Turn { return Turn{Calls: calls} }

// Words is a turn that comes word by word.
func Words(text string) Turn { return Turn{Pieces: strings.SplitAfter(text, " ")} }

// Fail is a turn that fails.
func Fail(err error) Turn { return Turn{Err: err} }

// Requests returns what the model was asked so far.
func (m *Model) Requests() []graphs.ModelRequest {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]graphs.ModelRequest(nil), m.requests...)
}

// Info names the script.
func (m *Model) Info() graphs.ModelInfo {
	return graphs.ModelInfo{Provider: "graphtest", Name: "script"}
}

// Stream plays the next turn.
func (m *Model) Stream(ctx context.Context, req graphs.ModelRequest) iter.Seq2[graphs.MessageChunk, error] {
	return func(yield func(graphs.MessageChunk, error) bool) {
		turn, err := m.take(req)
		if err != nil {
			yield(graphs.MessageChunk{}, err)
			return
		}
		for _, c := range turn.chunks() {
			if err := turn.pass(ctx); err != nil {
				yield(graphs.MessageChunk{}, err)
				return
			}
			if !yield(c, nil) {
				return
			}
		}
		if turn.Err != nil {
			yield(graphs.MessageChunk{}, turn.Err)
		}
	}
}

func (m *Model) take(req graphs.ModelRequest) (Turn, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.turns) == 0 {
		return Turn{}, errors.New("graphtest: the model's script has no turns")
	}
	m.requests = append(m.requests, req)
	turn := m.turns[m.next%len(m.turns)]
	m.next++
	return turn, nil
}

func (t Turn) pass(ctx context.Context) error {
	if t.Gate != nil {
		select {
		case <-t.Gate:
		case <-ctx.Done():
		}
	}
	return ctx.Err()
}

func (t Turn) chunks() []graphs.MessageChunk {
	pieces := t.Pieces
	if pieces == nil {
		pieces = strings.Split(t.Text, "")
	}
	var chunks []graphs.MessageChunk
	for _, piece := range pieces {
		chunks = append(chunks, graphs.MessageChunk{ID: t.ID, Content: graphs.Content{Text: piece}})
	}
	for i, call := range t.Calls {
		args := string(call.Args)
		half := len(args) / 2
		for _, piece := range []graphs.ToolCallChunk{
			{Index: i, ID: call.ID, Name: call.Name}, {Index: i, Args: args[:half]}, {Index: i, Args: args[half:]},
		} {
			chunks = append(chunks, graphs.MessageChunk{ID: t.ID, ToolCallChunks: []graphs.ToolCallChunk{piece}})
		}
	}
	if t.Err == nil {
		chunks = append(chunks, graphs.MessageChunk{ID: t.ID, UsageMetadata: t.Usage, Last: true})
	}
	return chunks
}
