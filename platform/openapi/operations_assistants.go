package openapi

import (
	"math"
	"net/http"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/locutory/locutory/platform/wire"
)

func assistantOperations() []Operation {
	schemas := &jsonschema.Schema{Type: "object", AdditionalProperties: of[wire.GraphSchemas]()}
	recurse := flag("recurse", "Those inside of them, too.")
	const (
		none   = "There is no such assistant."
		broken = "The graph does not load, or the server did not get to it in time."
	)
	return []Operation{
		{
			Route: "POST /assistants", ID: "createAssistant", Does: "Create an assistant",
			Note: "An assistant is a graph with its settings.",
			Body: takes[wire.AssistantCreate]("The settings.").needed(),
			Answers: []Answer{
				gives("The assistant, or the one that is there with if_exists do_nothing.", of[wire.Assistant]()),
				refuses(http.StatusNotFound, "There is no such graph."), refuses(http.StatusConflict, "The id is taken."),
			},
		},
		{
			Route: "POST /assistants/search", ID: "searchAssistants", Does: "Search assistants",
			Body:    takes[wire.AssistantSearch]("What to look for."),
			Answers: []Answer{gives("A page of assistants.", selection[wire.Assistant](), pagination()...)},
		},
		{
			Route: "POST /assistants/count", ID: "countAssistants", Does: "Count assistants",
			Body: takes[wire.AssistantCount]("What to look for."), Answers: []Answer{count("assistants")},
		},
		{
			Route: "GET /assistants/:assistant_id", ID: "getAssistant", Does: "Get an assistant",
			Answers: []Answer{gives("The assistant.", of[wire.Assistant]()), refuses(http.StatusNotFound, none)},
		},
		{
			Route: "PATCH /assistants/:assistant_id", ID: "updateAssistant", Does: "Change an assistant",
			Note: "Metadata is merged, all else replaced; each change makes a version, an empty one too.",
			Body: takes[wire.AssistantPatch]("The changes."),
			Answers: []Answer{
				gives("The assistant as it is now.", of[wire.Assistant]()), refuses(http.StatusNotFound, "There is no such assistant, or no such graph."),
			},
		},
		{
			Route: "DELETE /assistants/:assistant_id", ID: "deleteAssistant", Does: "Delete an assistant",
			Note:       "The caller's unfinished runs of it are stopped.",
			Parameters: []Parameter{flag("delete_threads", "Delete the caller's threads of it, too.")},
			Answers:    []Answer{nothing(http.StatusNoContent, "It is gone."), refuses(http.StatusNotFound, none)},
		},
		{
			Route: "GET /assistants/:assistant_id/graph", ID: "getAssistantGraph", Does: "Draw an assistant's graph",
			Parameters: []Parameter{query("xray", "Open nodes that are graphs, all of them or so many levels.", &jsonschema.Schema{
				AnyOf: []*jsonschema.Schema{{Type: "integer", Minimum: ptr(0.0), Maximum: ptr(100.0)}, {Type: "boolean"}},
			})},
			Answers: []Answer{
				gives("Nodes and edges.", of[wire.Drawing]()), refuses(http.StatusNotFound, none), refuses(http.StatusServiceUnavailable, broken),
			},
		},
		{
			Route: "GET /assistants/:assistant_id/schemas", ID: "getAssistantSchemas", Does: "Get the schemas of an assistant's graph",
			Answers: []Answer{
				gives("What the graph takes, gives and keeps.", of[wire.GraphSchemas]()), refuses(http.StatusNotFound, none),
				refuses(http.StatusServiceUnavailable, broken),
			},
		},
		{
			Route: "GET /assistants/:assistant_id/subgraphs", ID: "getAssistantSubgraphs", Does: "Get the schemas of the graphs inside of an assistant's",
			Parameters: []Parameter{recurse},
			Answers: []Answer{
				gives("Schemas by namespace.", schemas), refuses(http.StatusNotFound, none), refuses(http.StatusServiceUnavailable, broken),
			},
		},
		{
			Route: "GET /assistants/:assistant_id/subgraphs/:namespace", ID: "getAssistantSubgraph", Does: "Get the schemas of one graph inside of an assistant's",
			Parameters: []Parameter{recurse},
			Answers: []Answer{
				gives("The schemas by namespace; empty when there is no such graph.", schemas.CloneSchemas()), refuses(http.StatusNotFound, none),
				refuses(http.StatusServiceUnavailable, broken),
			},
		},
		{
			Route: "POST /assistants/:assistant_id/versions", ID: "listAssistantVersions", Does: "List an assistant's versions, the newest first",
			Body: takes[wire.AssistantVersions]("Which versions."),
			Answers: []Answer{
				gives("The versions.", listOf(of[wire.AssistantVersion]())), refuses(http.StatusNotFound, none),
			},
		},
		{
			Route: "POST /assistants/:assistant_id/latest", ID: "setLatestAssistantVersion", Does: "Make an assistant what a version of it was",
			Parameters: []Parameter{query("version", "The version, where no body says it.", integer(1, math.MaxInt32))},
			Body:       takes[wire.AssistantLatest]("The version."),
			Answers: []Answer{
				gives("The assistant as it is now.", of[wire.Assistant]()), refuses(http.StatusNotFound, "There is no such assistant, or no such version."),
			},
		},
	}
}
