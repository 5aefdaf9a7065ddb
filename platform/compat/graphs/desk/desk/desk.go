// Package desk has the graph that other agents speak to in tests: what it does, the last message says.
package desk

import (
	"context"
	"errors"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/compat/graphs/core/scripted"
)

// Graph asks, fails, waits until it is cancelled, or says a few words, one letter at a time.
var Graph = graphs.NewStateGraph[graphs.MessagesState]().
	AddNode("desk", answer).
	AddEdge(graphs.Start, "desk").
	AddEdge("desk", graphs.End)

var models = scripted.New("", "Good day", "Again?")

func answer(ctx context.Context, s graphs.MessagesState) (graphs.Update, error) {
	word := ""
	if n := len(s.Messages); n > 0 {
		word = s.Messages[n-1].Text()
	}
	switch word {
	case "ask":
		city, err := graphs.Interrupt[any](ctx, "Which city?")
		if err != nil {
			return nil, err
		}
		return say(city)
	case "form":
		form, err := graphs.Interrupt[map[string]any](ctx, map[string]any{"fields": []string{"from", "to"}})
		if err != nil {
			return nil, err
		}
		return say(form["to"])
	case "fail":
		return nil, errors.New("the desk is closed")
	case "wait":
		<-ctx.Done()
		return nil, ctx.Err()
	case "stream":
		said, err := graphs.CallModel(ctx, models.For(graphs.RuntimeFrom(ctx).ThreadID), graphs.ModelRequest{Messages: s.Messages})
		return graphs.Patch(graphs.MessagesState{Messages: []graphs.Message{said}}), err
	}
	return say(word)
}

func say(what any) (graphs.Update, error) {
	text, _ := what.(string)
	return graphs.Patch(graphs.MessagesState{Messages: []graphs.Message{graphs.AI("You said: " + text)}}), nil
}

// Words is the state of Mute.
type Words struct {
	Word string `json:"word"`
}

// Mute takes no messages.
var Mute = graphs.NewStateGraph[Words]().
	AddNode("mute", func(_ context.Context, w Words) (graphs.Update, error) { return graphs.Patch(w), nil }).
	AddEdge(graphs.Start, "mute").
	AddEdge("mute", graphs.End)
