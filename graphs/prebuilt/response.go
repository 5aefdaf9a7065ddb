package prebuilt

import (
	"context"

	"github.com/locutory/locutory/graphs"
)

// responseAttempts is how often a model is asked for a response that fits.
const responseAttempts = 3

// ResponseFormat ends the agent's work by asking the model for a T, from the conversation. It is in the state's channel
// structured_response, which is added unless the state has it, and has to be a T there. An answer that does not fit the JSON Schema of T is
// shown to the model with what is wrong, twice; then the run fails with a [*graphs.OutputError]. See [graphs.CallModelFor].
func ResponseFormat[T any]() Option { return ResponseFormatOf[T](responseAttempts, "") }

// ResponseFormatOf is ResponseFormat with the number of attempts, and with a prompt for this turn in place of the agent's; empty means
// that.
func ResponseFormatOf[T any](attempts int, prompt string) Option {
	return func(a *agent) {
		a.respond = func(ctx context.Context, state any, msgs []graphs.Message) (graphs.Update, error) {
			asked := *a
			if prompt != "" {
				Prompt(prompt)(&asked)
			}
			model, msgs, err := asked.prepare(ctx, state, msgs)
			if err != nil {
				return nil, err
			}
			value, err := graphs.CallModelFor[T](ctx, model, graphs.ModelRequest{Messages: msgs, Tags: a.tags}, attempts)
			if err != nil {
				return nil, err
			}
			return graphs.Set{"structured_response": value}, nil
		}
		a.response = graphs.Field[T]("structured_response")
	}
}
