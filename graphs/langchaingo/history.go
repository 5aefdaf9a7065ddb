package langchaingo

import (
	"context"
	"errors"

	"github.com/locutory/locutory/graphs"
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
	h.news = append(h.news, graphs.AI(text))
	return nil
}

func (*history) Clear(context.Context) error { return errHistory }

func (*history) SetMessages(context.Context, []llms.ChatMessage) error { return errHistory }
