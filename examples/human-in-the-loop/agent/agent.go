package agent

import (
	"context"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/langchaingo"
	"github.com/locutory/locutory/graphs/prebuilt"
)

// Agent is named by platform.json.
func Agent() (graphs.Runnable, error) {
	model, err := langchaingo.ModelFromEnv()
	if err != nil {
		return nil, err
	}
	return New(model).Compile()
}

// New makes the agent with any model. It may look files up as it likes, but asks before it deletes one. What it asks has the form
// that chat clients show with buttons: see prebuilt.Approval.
func New(model graphs.ChatModel) *graphs.StateGraph[graphs.MessagesState] {
	return prebuilt.NewReactAgent(model,
		prebuilt.Prompt("You keep a folder tidy."),
		prebuilt.Tools(
			graphs.NewTool("list_files", "Lists the files.", listFiles),
			graphs.NewTool("delete_file", "Deletes a file for ever.", deleteFile)),
		prebuilt.ApproveTools("delete_file"))
}

// File is what the model fills in.
type File struct {
	Name string `json:"name"`
}

func listFiles(context.Context, struct{}) ([]string, error) {
	return []string{"draft.txt", "taxes.pdf"}, nil
}

// deleteFile runs only after a person has said yes; this one only says so.
func deleteFile(_ context.Context, f File) (string, error) { return f.Name + " is deleted.", nil }
