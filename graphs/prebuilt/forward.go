package prebuilt

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/locutory/locutory/graphs"
)

// handBackKey marks messages that tell of a handoff, not of the matter.
const handBackKey = "__is_handoff_back"

func handBackMark() map[string]json.RawMessage {
	return map[string]json.RawMessage{handBackKey: json.RawMessage("true")}
}

// forwardMessage ends a supervisor's work with what an agent has said.
func forwardMessage(boss string) graphs.Tool {
	type from struct {
		Agent string `json:"from_agent" jsonschema:"the name of the agent whose last message is the answer"`
	}
	description := "Answers the user with the last message of an agent, word by word. Use it when there is nothing to add."
	return graphs.NewTool("forward_message", description, func(ctx context.Context, in from) (graphs.Command, error) {
		state, err := graphs.StateFrom[graphs.MessagesState](ctx)
		if err != nil {
			return graphs.Command{}, err
		}
		for i := len(state.Messages) - 1; i >= 0; i-- {
			m := state.Messages[i]
			if m.Type != graphs.TypeAI || m.Name != in.Agent || m.ResponseMetadata[handBackKey] != nil || m.Text() == "" {
				continue
			}
			answer := graphs.Message{Type: graphs.TypeAI, ID: uuid.NewString(), Name: boss, Content: m.Content}
			return graphs.Command{Graph: graphs.Parent, Goto: []string{graphs.End}, Update: graphs.Set{"messages": []graphs.Message{answer}}}, nil
		}
		return graphs.Command{}, fmt.Errorf("%w: agent %q has said nothing", graphs.ErrToolInput, in.Agent)
	})
}
