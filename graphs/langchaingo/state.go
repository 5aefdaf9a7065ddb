package langchaingo

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/locutory/locutory/graphs"
	"github.com/tmc/langchaingo/llms"
)

// readState returns what chains and agents are asked with, by key, and the state's messages.
func readState(state any) (values map[string]any, msgs []graphs.Message, err error) {
	raw, err := json.Marshal(state)
	if err != nil {
		return nil, nil, fmt.Errorf("chain input: %w", err)
	}
	if err := json.Unmarshal(raw, &values); err != nil {
		return nil, nil, fmt.Errorf("chain input: %w", err)
	}
	var talk graphs.MessagesState
	if err := json.Unmarshal(raw, &talk); err != nil {
		return nil, nil, fmt.Errorf("chain input: messages: %w", err)
	}
	return values, talk.Messages, nil
}

// lastHuman splits a conversation: what the user said last, and what was said before.
func lastHuman(msgs []graphs.Message) (text string, before []graphs.Message) {
	for i, m := range slices.Backward(msgs) {
		if m.Type == graphs.TypeHuman {
			return m.Text(), msgs[:i]
		}
	}
	return "", msgs
}

// chatMessages writes messages as langchaingo's memories keep them: what was said, without calls of tools.
func chatMessages(msgs []graphs.Message) []llms.ChatMessage {
	var out []llms.ChatMessage
	for _, m := range msgs {
		switch {
		case m.Type == graphs.TypeHuman:
			out = append(out, llms.HumanChatMessage{Content: m.Text()})
		case m.Type == graphs.TypeSystem:
			out = append(out, llms.SystemChatMessage{Content: m.Text()})
		case m.Type == graphs.TypeAI && m.Text() != "":
			out = append(out, llms.AIChatMessage{Content: m.Text()})
		}
	}
	return out
}
