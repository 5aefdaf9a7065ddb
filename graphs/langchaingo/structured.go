package langchaingo

import (
	"context"
	"errors"
	"fmt"

	"github.com/locutory/locutory/graphs"
	"github.com/tmc/langchaingo/llms"
)

// Structured is a model that answers with a T. T's JSON Schema goes with the question, in the way that the model knows; an answer
// that does not fit is shown to the model with what is wrong (see graphs.CallModelFor). It is safe for concurrent use.
type Structured[T any] struct {
	model graphs.ChatModel
	// Attempts is how often the model is asked at most; NewStructured sets it to 3.
	Attempts int
}

// NewStructured makes a structured model of any model; opts go with every call.
//
//	weather := langchaingo.NewStructured[Weather](llm)
//	w, err := weather.Call(ctx, "What is it like in Rome?")
func NewStructured[T any](model llms.Model, opts ...llms.CallOption) *Structured[T] {
	return &Structured[T]{model: Model(model, opts...), Attempts: 3}
}

// Call asks with a single text.
func (s *Structured[T]) Call(ctx context.Context, prompt string) (T, error) {
	return s.ask(ctx, []graphs.Message{graphs.Human(prompt)})
}

// Generate asks with a conversation.
func (s *Structured[T]) Generate(ctx context.Context, messages []llms.MessageContent) (T, error) {
	msgs, err := fromContents(messages)
	if err != nil {
		return *new(T), fmt.Errorf("structured: %w", err)
	}
	return s.ask(ctx, msgs)
}

func (s *Structured[T]) ask(ctx context.Context, msgs []graphs.Message) (T, error) {
	if s.Attempts < 1 {
		return *new(T), errors.New("structured: Attempts must be at least 1")
	}
	return graphs.CallModelFor[T](ctx, s.model, graphs.ModelRequest{Messages: msgs}, s.Attempts)
}
