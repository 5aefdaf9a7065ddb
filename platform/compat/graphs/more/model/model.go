// Package model is a model that searches when it is asked about the weather, and otherwise says what it heard.
package model

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/compat/graphs/core/scripted"
)

type query struct {
	Query string `json:"query"`
}

// Search finds something, whatever it is asked.
var Search = graphs.NewTool("search", "Searches the web.", func(_ context.Context, q query) (string, error) {
	return "Found: " + q.Query + " is sunny.", nil
})

// New returns the model under a name.
func New(name string) graphs.ChatModel { return scripted.Answering{Name: name, Answer: turn} }

// Call is a node that calls the model, with a prompt unless that is empty.
func Call(model graphs.ChatModel, prompt string, req graphs.ModelRequest) func(context.Context, graphs.MessagesState) (graphs.Update, error) {
	return func(ctx context.Context, s graphs.MessagesState) (graphs.Update, error) {
		req := req
		req.Messages = s.Messages
		if prompt != "" {
			req.Messages = append([]graphs.Message{graphs.System(prompt)}, s.Messages...)
		}
		said, err := graphs.CallModel(ctx, model, req)
		if err != nil {
			return nil, err
		}
		return graphs.Set{"messages": []graphs.Message{said}}, nil
	}
}

// Asks reports whether the last message asks for tools.
func Asks(s graphs.MessagesState) bool {
	n := len(s.Messages)
	return n > 0 && len(s.Messages[n-1].ToolCalls) > 0
}

// turn obeys a prompt by saying it first.
func turn(req graphs.ModelRequest) scripted.Turn {
	prompt, turns := "", 0
	var last graphs.Message
	for _, m := range req.Messages {
		switch m.Type {
		case graphs.TypeSystem:
			prompt = m.Text() + " "
			continue
		case graphs.TypeHuman:
			turns++
		}
		last = m
	}
	text := last.Text()
	switch {
	case last.Type == graphs.TypeTool:
		return scripted.Say(prompt + text)
	case len(req.Tools) > 0 && wantsSearch(text):
		args, _ := json.Marshal(query{text}) // a string
		return scripted.Ask(fmt.Sprintf("call_search_%d", turns), "search", string(args))
	}
	return scripted.Say(prompt + "You said: " + text)
}

func wantsSearch(text string) bool {
	text = strings.ToLower(text)
	return strings.Contains(text, "weather") || strings.Contains(text, "forecast") || strings.Contains(text, "search")
}
