// Package scripted is a model that reads its answers off a list.
package scripted

import (
	"context"
	"iter"
	"sync"

	"github.com/google/uuid"

	"github.com/locutory/locutory/graphs"
)

// Models gives each conversation a model of its own, all with the same answers. They are kept as long as the process runs.
type Models struct {
	prefix  string
	answers []string
	mu      sync.Mutex
	said    map[string]int // how many answers a conversation has had
}

// New returns models that give the answers in turn, and begin again at the end. Ids of messages begin with the prefix.
func New(prefix string, answers ...string) *Models {
	return &Models{prefix: prefix, answers: answers, said: map[string]int{}}
}

// For returns the model of a conversation.
func (m *Models) For(conversation string) graphs.ChatModel { return model{m, conversation} }

type model struct {
	*Models
	conversation string
}

// Info implements [graphs.ChatModel].
func (m model) Info() graphs.ModelInfo {
	return graphs.ModelInfo{Provider: "FakeListChatModel", Name: "StableFakeListChatModel"}
}

// Stream implements [graphs.ChatModel]: one chunk for each character.
func (m model) Stream(ctx context.Context, _ graphs.ModelRequest) iter.Seq2[graphs.MessageChunk, error] {
	return func(yield func(graphs.MessageChunk, error) bool) {
		m.mu.Lock()
		answer := m.answers[m.said[m.conversation]%len(m.answers)]
		m.said[m.conversation]++
		m.mu.Unlock()
		id := m.prefix + uuid.NewString()
		for _, r := range answer {
			if err := ctx.Err(); err != nil {
				yield(graphs.MessageChunk{}, err)
				return
			}
			if !yield(graphs.MessageChunk{ID: id, Content: graphs.Content{Text: string(r)}}, nil) {
				return
			}
		}
	}
}
