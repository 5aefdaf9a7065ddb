package runs

import (
	"encoding/json"
	"fmt"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/wire"
)

// InputCommand is a command as graphs take it; nil for nil.
func InputCommand(command *wire.Command) (*graphs.InputCommand, error) {
	if command == nil {
		return nil, nil
	}
	in := &graphs.InputCommand{Resume: command.Resume.Value, HasResume: command.Resume.Set}
	if len(command.Update) > 0 {
		update, err := json.Marshal(command.Update)
		if err != nil {
			return nil, fmt.Errorf("command.update: %w", err)
		}
		in.Update = update
	}
	for _, target := range command.Goto {
		to := graphs.Target{Node: target.Node}
		if target.Send != nil {
			to = graphs.Target{Node: target.Send.Node, Input: target.Send.Input, Send: true}
		}
		in.Goto = append(in.Goto, to)
	}
	return in, nil
}
