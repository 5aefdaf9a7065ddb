package langchaingo

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/locutory/locutory/graphs"
	"github.com/tmc/langchaingo/chains"
	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/schema"
)

// errHistory is returned to a chain that would take back what was said.
var errHistory = errors.New("the history of a thread only grows; remove messages by an update of the state")

// history is a thread's conversation as langchaingo's memories read and write it, for one run of a node.
type history struct {
	messages []llms.ChatMessage
	// asked is in the state already; a memory saves it again.
	asked string
	news  []graphs.Message
	// answer is the id under which the answer is shown while it is made.
	answer string
}

var _ schema.ChatMessageHistory = (*history)(nil)

func (h *history) Messages(context.Context) ([]llms.ChatMessage, error) { return h.messages, nil }

func (h *history) AddMessage(ctx context.Context, m llms.ChatMessage) error {
	switch m.GetType() {
	case llms.ChatMessageTypeHuman:
		return h.AddUserMessage(ctx, m.GetContent())
	case llms.ChatMessageTypeAI:
		return h.AddAIMessage(ctx, m.GetContent())
	}
	h.messages = append(h.messages, m)
	read := graphs.Message{Type: fromRole(m.GetType()), Content: graphs.Content{Text: m.GetContent()}}
	h.news = append(h.news, read)
	return nil
}

func (h *history) AddUserMessage(_ context.Context, text string) error {
	h.messages = append(h.messages, llms.HumanChatMessage{Content: text})
	if text != h.asked {
		h.news = append(h.news, graphs.Human(text))
	}
	h.asked = ""
	return nil
}

func (h *history) AddAIMessage(_ context.Context, text string) error {
	h.messages = append(h.messages, llms.AIChatMessage{Content: text})
	said := graphs.AI(text)
	said.ID, h.answer = h.answer, ""
	h.news = append(h.news, said)
	return nil
}

// show lets readers of the run see the answer of a chain while it is made, if the chain asks its model once.
func (h *history) show(ctx context.Context, chain chains.Chain) []chains.ChainCallOption {
	rt := graphs.RuntimeFrom(ctx)
	switch chain.(type) {
	case *chains.LLMChain, chains.LLMChain:
	default:
		return nil
	}
	if rt == nil || !rt.Streaming() {
		return nil
	}
	id := "run-" + uuid.NewString()
	h.answer = id
	return []chains.ChainCallOption{chains.WithStreamingFunc(func(_ context.Context, piece []byte) error {
		return rt.Chunk(graphs.MessageChunk{ID: id, Content: graphs.Content{Text: string(piece)}}, nil)
	})}
}

func (*history) Clear(context.Context) error { return errHistory }

func (*history) SetMessages(context.Context, []llms.ChatMessage) error { return errHistory }
