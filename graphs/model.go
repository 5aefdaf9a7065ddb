package graphs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/google/uuid"
)

// ErrNoAnswer is returned by [CallModel] when a model's stream ends without a single chunk.
var ErrNoAnswer = errors.New("the model answered nothing")

// NoStream is the tag of model calls whose chunks are not shown to clients (streaming.md §1.5.4).
const NoStream = "nostream"

// ChatModel is a language model. It is safe for concurrent use.
type ChatModel interface {
	Info() ModelInfo
	// Stream asks the model and yields its answer in pieces. An error ends the stream and means that there is no answer: a
	// stream that ends without one was complete. Cancelling ctx is an error. Breaking out stops the call and returns when
	// nothing of it runs any more.
	Stream(ctx context.Context, req ModelRequest) iter.Seq2[MessageChunk, error]
}

// ModelInfo names a model for those who read a stream: Provider is openai, anthropic, ollama ...
type ModelInfo struct {
	Provider, Name string
	// Outputs says that the model honours [ModelRequest].Output.
	Outputs bool
}

// ModelRequest is one call of a model.
type ModelRequest struct {
	Messages []Message
	// Tools are what the model may ask for. ToolChoice is empty or auto, none, required, or the name of a tool.
	Tools      []Tool
	ToolChoice string
	// Output, when not nil, is what the answer's text has to be. Only models whose ModelInfo says so are asked for it.
	Output *Output
	// Tags go into the metadata of the call's chunks, after those of the run; see NoStream.
	Tags []string
}

// CallModel asks the model and returns its whole answer. In a run whose readers want messages it shows each chunk as it
// comes, under the id of the returned message. A cancelled or broken call is an error, never a shortened message.
func CallModel(ctx context.Context, model ChatModel, req ModelRequest) (Message, error) {
	rt := RuntimeFrom(ctx)
	if rt == nil || !rt.Streaming() {
		return callModel(ctx, model, req, nil)
	}
	if req.Tags = slices.Concat(rt.Config.Tags, req.Tags); silent(req.Tags) {
		return callModel(ctx, model, req, nil)
	}
	return callModel(ctx, model, req, rt.Chunk)
}

func silent(tags []string) bool {
	return slices.Contains(tags, NoStream) || slices.Contains(tags, "langsmith:nostream")
}

type showChunk func(delta MessageChunk, call map[string]json.RawMessage) error

func callModel(ctx context.Context, model ChatModel, req ModelRequest, show showChunk) (Message, error) {
	var answer Accumulator
	id, count, last := "", 0, false
	call := callMetadata(model.Info(), req.Tags)
	send := func(c MessageChunk) error {
		if id == "" {
			id = firstOf(c.ID, "run-"+uuid.NewString())
		}
		c.ID, last = id, c.Last
		answer.Add(c)
		count++
		if show == nil {
			return nil
		}
		meta := call
		call = nil // on the first chunk only
		return show(c, meta)
	}
	for chunk, err := range model.Stream(ctx, req) {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = send(chunk)
		}
		if err != nil {
			return Message{}, modelError(ctx, model, err)
		}
	}
	if err := ctx.Err(); err != nil {
		return Message{}, modelError(ctx, model, err)
	}
	if count == 0 {
		return Message{}, modelError(ctx, model, ErrNoAnswer)
	}
	if !last { // readers learn from it that the message is whole
		if err := send(MessageChunk{Last: true}); err != nil {
			return Message{}, modelError(ctx, model, err)
		}
	}
	return answer.Message(), nil
}

func modelError(ctx context.Context, model ChatModel, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	return fmt.Errorf("model %s: %w", model.Info().Name, err)
}

func callMetadata(info ModelInfo, tags []string) map[string]json.RawMessage {
	list := appendArray([]byte{}, tags, func(tag string, dst []byte) []byte { return appendString(dst, tag) })
	return map[string]json.RawMessage{
		"ls_provider":   appendString(nil, info.Provider),
		"ls_model_name": appendString(nil, info.Name),
		"ls_model_type": json.RawMessage(`"chat"`),
		"tags":          list,
	}
}
