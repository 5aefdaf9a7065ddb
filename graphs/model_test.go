package graphs

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// chunkModel yields chunks and then err.
type chunkModel struct {
	chunks []MessageChunk
	err    error
}

func (chunkModel) Info() ModelInfo { return ModelInfo{Provider: "test", Name: "chunks"} }

func (m chunkModel) Stream(context.Context, ModelRequest) iter.Seq2[MessageChunk, error] {
	return func(yield func(MessageChunk, error) bool) {
		for _, c := range m.chunks {
			if !yield(c, nil) {
				return
			}
		}
		if m.err != nil {
			yield(MessageChunk{}, m.err)
		}
	}
}

func words(texts ...string) (chunks []MessageChunk) {
	for _, text := range texts {
		chunks = append(chunks, MessageChunk{Content: Content{Text: text}})
	}
	return chunks
}

func TestCallModelShowsWhatItReturns(t *testing.T) {
	t.Parallel()
	var shown []MessageChunk
	var calls []map[string]json.RawMessage
	show := func(c MessageChunk, call map[string]json.RawMessage) error {
		shown, calls = append(shown, c), append(calls, call)
		return nil
	}
	got, err := callModel(t.Context(), chunkModel{chunks: words("a", "b")}, ModelRequest{Tags: []string{"x\"y"}}, show)
	if err != nil {
		t.Fatal(err)
	}
	if got.ID == "" || got.Text() != "ab" {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff(got, Accumulate(shown...)); diff != "" {
		t.Errorf("the chunks tell another message (-returned +shown):\n%s", diff)
	}
	for i, c := range shown {
		if c.ID != got.ID || c.Last != (i == len(shown)-1) {
			t.Errorf("chunk %d: %+v", i, c)
		}
	}
	want := map[string]json.RawMessage{
		"ls_provider": json.RawMessage(`"test"`), "ls_model_name": json.RawMessage(`"chunks"`),
		"ls_model_type": json.RawMessage(`"chat"`), "tags": json.RawMessage(`["x\"y"]`),
	}
	if diff := cmp.Diff(want, calls[0]); diff != "" || calls[1] != nil {
		t.Errorf("call metadata: %v\n%s", calls[1], diff)
	}
	other, err := callModel(t.Context(), chunkModel{chunks: words("a")}, ModelRequest{}, nil)
	if err != nil || other.ID == got.ID {
		t.Errorf("two calls, one id %q: %v", other.ID, err)
	}
}

func TestCallModelNeverShortens(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	cause := errors.New("run was cancelled")
	cancelled, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	stop := func(MessageChunk, map[string]json.RawMessage) error { return broken }
	for _, tc := range []struct {
		name  string
		ctx   context.Context
		model chunkModel
		show  showChunk
		want  error
	}{
		{"provider fails", t.Context(), chunkModel{words("a"), broken}, nil, broken},
		{"nothing", t.Context(), chunkModel{}, nil, ErrNoAnswer},
		{"cancelled, and the model takes no notice", cancelled, chunkModel{chunks: words("a", "b")}, nil, cause},
		{"cancelled before the first chunk", cancelled, chunkModel{}, nil, context.Canceled},
		{"nobody takes the chunks", t.Context(), chunkModel{chunks: words("a")}, stop, broken},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := callModel(tc.ctx, tc.model, ModelRequest{}, tc.show)
			if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), "model chunks") {
				t.Errorf("got %v, want %v", err, tc.want)
			}
			if diff := cmp.Diff(Message{}, got); diff != "" {
				t.Errorf("returned a message:\n%s", diff)
			}
		})
	}
}

func TestSilent(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]bool{"nostream": true, "langsmith:nostream": true, "stream": false} {
		if got := silent([]string{"a", tag}); got != want {
			t.Errorf("%s: %v", tag, got)
		}
	}
}
