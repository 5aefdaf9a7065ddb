// Package agent has two teams of the same two agents: one whose head gives out tasks, one whose head hands the conversation on.
package agent

import (
	"context"
	"fmt"
	"strings"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/langchaingo"
	"github.com/locutory/locutory/graphs/prebuilt"
)

// Deep is named by platform.json.
func Deep() (graphs.Runnable, error) {
	model, err := langchaingo.ModelFromEnv()
	if err != nil {
		return nil, err
	}
	return NewDeep(model, model).Compile()
}

// Supervisor is named by platform.json.
func Supervisor() (graphs.Runnable, error) {
	model, err := langchaingo.ModelFromEnv()
	if err != nil {
		return nil, err
	}
	return NewSupervisor(model, model).Compile()
}

// NewDeep makes a team whose head sees reports only. The tasks of one turn run at the same time, each under a namespace of its own.
func NewDeep(head, others graphs.ChatModel) *graphs.StateGraph[graphs.MessagesState] {
	return prebuilt.NewDeepAgent(head, members(others), prebuilt.Prompt("Give each part of the work to the agent that is best at it."))
}

// NewSupervisor makes a team that works in one conversation, which everybody reads.
func NewSupervisor(head, others graphs.ChatModel) *graphs.StateGraph[graphs.MessagesState] {
	return prebuilt.NewSupervisor(head, members(others), prebuilt.Prompt("Hand the conversation to the agent that is best at it."), prebuilt.ForwardMessage())
}

func members(model graphs.ChatModel) []prebuilt.Agent {
	return []prebuilt.Agent{
		{
			Name: "researcher", Description: "Looks things up.",
			Graph: prebuilt.NewReactAgent(model, prebuilt.Name("researcher"), prebuilt.Prompt("You look things up."),
				prebuilt.Tools(graphs.NewTool("look_up", "Looks up a word.", lookUp))),
		},
		{
			Name: "counter", Description: "Counts.",
			Graph: prebuilt.NewReactAgent(model, prebuilt.Name("counter"), prebuilt.Prompt("You count."),
				prebuilt.Tools(graphs.NewTool("count_words", "Counts the words of a text.", countWords))),
		},
	}
}

// Text is what the model fills in.
type Text struct {
	Text string `json:"text"`
}

func lookUp(_ context.Context, in Text) (string, error) {
	return "A " + in.Text + " is what this example knows nothing else about.", nil
}

func countWords(_ context.Context, in Text) (string, error) {
	return fmt.Sprint(len(strings.Fields(in.Text))), nil
}
