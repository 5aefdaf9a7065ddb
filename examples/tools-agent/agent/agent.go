// Package agent is an agent whose tools do more than answer: they read and change the state, and keep notes that outlive the thread.
package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/langchaingo"
	"github.com/locutory/locutory/graphs/prebuilt"
)

// State is the conversation, and what is to be bought.
type State struct {
	graphs.MessagesState
	Shopping []string `json:"shopping" reduce:"append"`
}

// Graph is named by platform.json.
func Graph() (graphs.Runnable, error) {
	model, err := langchaingo.ModelFromEnv()
	if err != nil {
		return nil, err
	}
	return New(model).Compile()
}

// New makes the agent with any model. Each call of a tool is a task of its own: what has ended is kept, also when the machine dies.
func New(model graphs.ChatModel) *graphs.StateGraph[State] {
	return prebuilt.NewReactAgentOf[State](model,
		prebuilt.Prompt("You keep a shopping list and notes. Be brief."),
		prebuilt.Tools(
			graphs.NewTool("add_item", "Puts something on the shopping list.", addItem),
			graphs.NewTool("read_list", "Reads the shopping list.", readList),
			graphs.NewTool("save_note", "Keeps a note for later conversations.", saveNote),
			graphs.NewTool("read_notes", "Reads all notes.", readNotes),
		),
		prebuilt.EachCall())
}

// Item is what the model fills in.
type Item struct {
	Name string `json:"name" jsonschema:"what is to be bought"`
}

// addItem changes the state. A Command brings the tool message itself.
func addItem(ctx context.Context, in Item) (graphs.Command, error) {
	call, _ := graphs.ToolCallFrom(ctx)
	return graphs.Command{Update: graphs.Set{
		"shopping": []string{in.Name},
		"messages": []graphs.Message{graphs.ToolResult(call.ID, in.Name+" is on the list.")},
	}}, nil
}

// readList reads the state, which is no argument: the model cannot say another one.
func readList(ctx context.Context, _ struct{}) (string, error) {
	state, err := graphs.StateFrom[State](ctx)
	if err != nil {
		return "", err
	}
	if len(state.Shopping) == 0 {
		return "The list is empty.", nil
	}
	return strings.Join(state.Shopping, ", "), nil
}

// Note is what the model fills in.
type Note struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

// saveNote writes to the store. It is the store of who started the run: the hooks keep the notes of two users apart, though
// namespace and key are the same.
func saveNote(ctx context.Context, in Note) (string, error) {
	if in.Title == "" {
		return "", errors.New("a note needs a title")
	}
	store := graphs.RuntimeFrom(ctx).Store
	if err := store.Put(ctx, graphs.ItemPut{Namespace: []string{"notes"}, Key: in.Title, Value: in}); err != nil {
		return "", fmt.Errorf("keep the note: %w", err)
	}
	return "Kept.", nil
}

func readNotes(ctx context.Context, _ struct{}) ([]Note, error) {
	items, err := graphs.RuntimeFrom(ctx).Store.Search(ctx, graphs.ItemSearch{Prefix: []string{"notes"}, Limit: 100})
	if err != nil {
		return nil, fmt.Errorf("read the notes: %w", err)
	}
	notes := []Note{}
	for _, item := range items {
		var n Note
		if err := item.Decode(&n); err != nil {
			return nil, fmt.Errorf("note %s: %w", item.Key, err)
		}
		notes = append(notes, n)
	}
	return notes, nil
}
