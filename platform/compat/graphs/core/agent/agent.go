// Package agent has the graphs that most recordings are of: conversations with a scripted model and a pretended tool.
package agent

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/compat/graphs/core/scripted"
)

// State is that of Graph. Sleep is a number of seconds, or {steps, ms}.
type State struct {
	graphs.MessagesState
	SharedStateValue           string          `json:"sharedStateValue"`
	Interrupt                  bool            `json:"interrupt"`
	KeyOne                     string          `json:"keyOne"`
	KeyTwo                     string          `json:"keyTwo"`
	Sleep                      json.RawMessage `json:"sleep"`
	SharedStateFromStoreConfig map[string]any  `json:"sharedStateFromStoreConfig"`
}

// Settings are those of Graph.
type Settings struct {
	ModelName string `json:"model_name"`
}

// Graph says begin, calls its tool, and says end. Keys of its input make it ask, sleep, or look at the store.
var Graph = graphs.NewStateGraph[State](graphs.ContextSchema[Settings]()).
	AddNode("agent", agent).
	AddNode("tool", tool).
	AddNode("checkSharedState", checkSharedState).
	AddEdge(graphs.Start, "agent").
	AddConditionalEdges("agent", next, "tool", "checkSharedState", graphs.End).
	AddEdge("tool", "agent").
	AddEdge("checkSharedState", graphs.End)

var models = scripted.New("", "begin", "end")

func agent(ctx context.Context, s State) (graphs.Update, error) {
	if s.Interrupt {
		if _, err := graphs.Interrupt[any](ctx, "i want to interrupt"); err != nil {
			return nil, err
		}
	}
	if n := len(s.Messages); n > 0 && s.Messages[n-1].Type == graphs.TypeHuman {
		if err := sleep(ctx, s.Sleep); err != nil {
			return nil, err
		}
	}
	rt := graphs.RuntimeFrom(ctx)
	said, err := graphs.CallModel(ctx, models.For(rt.ThreadID), graphs.ModelRequest{Messages: s.Messages})
	if err != nil {
		return nil, err
	}
	if rt.Store != nil && len(s.SharedStateFromStoreConfig) == 0 {
		value := map[string]any{}
		if id, ok := rt.Config.Configurable["user_id"]; ok {
			value["id"] = id
		}
		if err := rt.Store.Put(ctx, graphs.ItemPut{Namespace: shared(rt), Key: "user_id", Value: value}); err != nil {
			return nil, err
		}
	}
	return graphs.Set{"interrupt": false, "messages": []graphs.Message{said}}, nil
}

// sleep tells each step before it sleeps.
func sleep(ctx context.Context, asked json.RawMessage) error {
	var seconds float64
	var steps struct{ Steps, MS int }
	switch {
	case len(asked) == 0 || string(asked) == "null":
		return nil
	case json.Unmarshal(asked, &seconds) == nil:
		return pause(ctx, time.Duration(seconds*float64(time.Second)))
	}
	if err := json.Unmarshal(asked, &steps); err != nil {
		return fmt.Errorf("sleep: %w", err)
	}
	for i := range steps.Steps {
		if err := graphs.RuntimeFrom(ctx).Write(map[string]any{"type": "sleep", "step": i}); err != nil {
			return err
		}
		if err := pause(ctx, time.Duration(steps.MS)*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// pause waits. A pause that others are to see while it lasts takes longer than it is told: busy machines see it late.
func pause(ctx context.Context, d time.Duration) error {
	if d >= 100*time.Millisecond {
		d *= 3
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func next(_ context.Context, s State) (string, error) {
	switch {
	case len(s.Messages) == 0:
		return "tool", nil
	case s.Messages[0].Text() == "should_end":
		return graphs.End, nil
	case s.Messages[0].Text() == "___check_state_value":
		return "checkSharedState", nil
	case s.Messages[len(s.Messages)-1].Text() == "end":
		return graphs.End, nil
	}
	return "tool", nil
}

func tool(ctx context.Context, s State) (graphs.Update, error) {
	if len(s.Messages) == 0 {
		s.Messages = []graphs.Message{{}} // a command led here before anybody said a word
	}
	update := graphs.Set{"messages": []graphs.Message{toolResult(s.Messages[len(s.Messages)-1])}}
	rt := graphs.RuntimeFrom(ctx)
	if rt.Store == nil {
		return update, nil
	}
	item, err := rt.Store.Get(ctx, shared(rt), "user_id")
	switch {
	case errors.Is(err, graphs.ErrNoItem):
	case err != nil:
		return nil, err
	default:
		update["sharedStateFromStoreConfig"] = item.Value
	}
	return update, nil
}

// shared is where all runs meet or, where there are users, all runs of one.
func shared(rt *graphs.Runtime) []string {
	if rt.User != nil {
		return []string{"sharedState", "data", rt.User.Identity}
	}
	return []string{"sharedState", "data"}
}

func toolResult(of graphs.Message) graphs.Message {
	m := graphs.ToolResult("tool_call_id", "tool_call__"+of.Text())
	m.Status = ""
	return m
}

func checkSharedState(ctx context.Context, _ State) (graphs.Update, error) {
	var value struct {
		IsTrue bool `json:"isTrue"`
	}
	item, err := graphs.RuntimeFrom(ctx).Store.Get(ctx, []string{"inputtedState", "data"}, "my_key")
	if err == nil {
		err = item.Decode(&value)
	}
	if err == nil && !value.IsTrue {
		err = errors.New("Value is not true") //nolint:staticcheck // the wire's text
	}
	return nil, err
}
