// Package deep has agents that give tasks to other agents.
package deep

import (
	"context"

	"github.com/google/uuid"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/prebuilt"
	"github.com/locutory/locutory/platform/compat/graphs/react/loop"
	"github.com/locutory/locutory/platform/compat/graphs/react/scripted"
)

// Graph gives two tasks at the same time, one to each of its agents.
var Graph = loop.New(scripted.Model{
	Name: "model",
	First: scripted.Line{ID: "deep-orchestrator-tool-call", Calls: []graphs.ToolCall{
		scripted.Call("task-1", "task", `{"description":"Search the web for protocol risks","subagent_type":"researcher"}`),
		scripted.Call("task-2", "task", `{"description":"Inspect the sample dataset","subagent_type":"data-analyst"}`),
	}},
	Last: scripted.Line{ID: "deep-orchestrator-final", Text: "Both subagents completed their tasks successfully."},
}, prebuilt.TaskTool(
	prebuilt.Agent{Name: "researcher", Description: "searches the web", Graph: loop.New(scripted.Model{
		Name:  "researcher",
		First: scripted.Line{ID: "search-1-message", Calls: []graphs.ToolCall{scripted.Call("search-1", "search_web", `{"query":"protocol risks"}`)}},
		Last:  scripted.Line{ID: "search-1-final", Text: "Research completed: reconnect and lifecycle handling need coverage."},
	}, searchWeb)},
	prebuilt.Agent{Name: "data-analyst", Description: "looks into data", Graph: loop.New(scripted.Model{
		Name:  "data-analyst",
		First: scripted.Line{ID: "query-1-message", Calls: []graphs.ToolCall{scripted.Call("query-1", "query_database", `{"table":"sample_data"}`)}},
		Last:  scripted.Line{ID: "query-1-final", Text: "Analysis completed: found 2 sample records."},
	}, queryDatabase)},
))

type search struct {
	Query string `json:"query"`
}

type found struct {
	Status  string `json:"status"`
	Query   string `json:"query"`
	Results []page `json:"results"`
}

type page struct {
	Title string `json:"title"`
	URL   string `json:"url"`
}

var searchWeb = graphs.NewTool("search_web", "Searches the web.", func(_ context.Context, s search) (found, error) {
	return found{"success", s.Query, []page{
		{"Result for: " + s.Query, "https://example.com/1"}, {"More on: " + s.Query, "https://example.com/2"},
	}}, nil
})

type query struct {
	Table string `json:"table"`
}

type records struct {
	Status  string   `json:"status"`
	Table   string   `json:"table"`
	Records []record `json:"records"`
	Count   int      `json:"count"`
}

type record struct {
	ID    int    `json:"id"`
	Name  string `json:"name"`
	Value int    `json:"value"`
}

// queryDatabase changes the state itself, by its message only.
var queryDatabase = graphs.NewTool("query_database", "Reads a table.", func(ctx context.Context, q query) (graphs.Command, error) {
	text, err := graphs.ToolText(records{"success", q.Table, []record{{1, "Record A", 42}, {2, "Record B", 87}}, 2})
	if err != nil {
		return graphs.Command{}, err
	}
	call, _ := graphs.ToolCallFrom(ctx)
	m := graphs.ToolResult(call.ID, text)
	m.ID, m.Name, m.Status = uuid.NewString(), call.Name, ""
	return graphs.Command{Update: graphs.Set{"messages": []graphs.Message{m}}}, nil
})
