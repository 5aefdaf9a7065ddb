package worker

import (
	"encoding/json"
	"fmt"

	"github.com/locutory/locutory/graphs"
)

// resumed is the input of a run that is a node of a graph elsewhere which resumes. That graph does not know where this one stands, and
// sends the node's input and all answers that it was given, of which some may be for others. What waits gets its own; without an
// answer it asks again. A thread that does not wait begins with the input.
func (x *execution) resumed() (graphs.Input, error) {
	if len(x.outcome.next) == 0 {
		return graphs.Input{Value: x.kwargs.Input}, nil
	}
	if x.kwargs.Command == nil {
		return graphs.Input{}, nil
	}
	var answers map[string]json.RawMessage
	if err := json.Unmarshal(x.kwargs.Command.Resume.Value, &answers); err != nil {
		return graphs.Input{}, fmt.Errorf("answers: %w", err)
	}
	mine := map[string]json.RawMessage{}
	for _, asked := range x.outcome.asked {
		for _, question := range asked {
			if answer, ok := answers[question.ID]; ok {
				mine[question.ID] = answer
			}
		}
	}
	if len(mine) == 0 {
		return graphs.Input{}, nil
	}
	resume, err := json.Marshal(mine)
	if err != nil {
		return graphs.Input{}, fmt.Errorf("answers: %w", err)
	}
	return graphs.Input{Command: &graphs.InputCommand{Resume: resume, HasResume: true}}, nil
}
