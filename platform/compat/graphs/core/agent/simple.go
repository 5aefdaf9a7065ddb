package agent

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/compat/graphs/core/scripted"
)

// SimpleState is that of Simple.
type SimpleState struct {
	KeyOne string          `json:"key_one"`
	KeyTwo string          `json:"key_two"`
	Sleep  json.RawMessage `json:"sleep"`
	graphs.MessagesState
}

// Simple sends its last message to a tool until the model says end, with a line separator that no stream may break at.
var Simple = graphs.NewStateGraph[SimpleState]().
	AddNode("agent", simple, graphs.Goes("tool", graphs.End)).
	AddNodeOf("tool", graphs.In(simpleTool)).
	AddEdge(graphs.Start, "agent").
	AddEdge("tool", "agent")

var simpleModels = scripted.New("run-", "begin", "end\u2028")

func simple(ctx context.Context, s SimpleState) (graphs.Update, error) {
	rt := graphs.RuntimeFrom(ctx)
	var header string
	if raw, ok := rt.Config.Configurable["x-configurable-header"]; ok && json.Unmarshal(raw, &header) == nil {
		return graphs.Set{"messages": []graphs.Message{graphs.Human("end: " + header)}}, nil
	}
	said, err := graphs.CallModel(ctx, simpleModels.For(rt.ThreadID), graphs.ModelRequest{Messages: s.Messages})
	if err != nil {
		return nil, err
	}
	if err := remember(ctx, rt, s.Messages[len(s.Messages)-1]); err != nil {
		return nil, err
	}
	update := graphs.Set{"messages": []graphs.Message{said}}
	if strings.HasPrefix(said.Text(), "end") {
		return graphs.Command{Update: update, Goto: []string{graphs.End}}, nil
	}
	return graphs.Command{Update: update, Send: []graphs.Send{{Node: "tool", Arg: said}}}, nil
}

// remember stores the first thing that a user said.
func remember(ctx context.Context, rt *graphs.Runtime, heard graphs.Message) error {
	if rt.Store == nil {
		return nil
	}
	whose := "ALL"
	if rt.User != nil {
		whose = rt.User.Identity
	}
	_, err := rt.Store.Get(ctx, []string{whose}, "key_one")
	if !errors.Is(err, graphs.ErrNoItem) {
		return err
	}
	return rt.Store.Put(ctx, graphs.ItemPut{Namespace: []string{whose}, Key: "key_one", Value: map[string]any{"text": heard.Text()}})
}

func simpleTool(_ context.Context, m graphs.Message) (graphs.Update, error) {
	return graphs.Set{"messages": []graphs.Message{toolResult(m)}}, nil
}
