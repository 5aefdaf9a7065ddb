package graphtest

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/locutory/locutory/graphs"
)

func TestModelPlaysItsScript(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	call := graphs.ToolCall{ID: "c", Name: "f", Args: json.RawMessage(`{"a":1}`)}
	model := NewModel(Say("begin"), Ask(call), Fail(broken), Turn{ID: "m-1", Pieces: []string{"Hello, ", "world!"}})
	for turn, want := range []graphs.Message{
		graphs.AI("begin"), graphs.AI("", call), {}, {Type: graphs.TypeAI, ID: "m-1", Content: graphs.Content{Text: "Hello, world!"}}, graphs.AI("begin"),
	} {
		got, err := graphs.CallModel(t.Context(), model, graphs.ModelRequest{Messages: []graphs.Message{graphs.Human("hi")}})
		if errors.Is(err, broken) != (turn == 2) {
			t.Fatalf("turn %d: %v", turn, err)
		}
		if want.ID == "" {
			got.ID = ""
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("turn %d (-want +got):\n%s", turn, diff)
		}
	}
	if n := len(model.Requests()); n != 5 {
		t.Errorf("%d requests", n)
	}
}

func TestModelHeldOpenIsCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	gate := make(chan struct{}, 1)
	gate <- struct{}{}
	turn := Say("ab")
	turn.Gate = gate
	chunks := 0
	for _, err := range NewModel(turn).Stream(ctx, graphs.ModelRequest{}) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			break
		}
		chunks++
		cancel()
	}
	cancel()
	if chunks != 1 {
		t.Errorf("%d chunks", chunks)
	}
}
