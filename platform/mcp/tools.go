package mcp

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// pageSize is how many tools are listed at a time: each has a schema, and may need its graph to be made.
const pageSize = 100

// visible returns the assistants that the caller may search for, all of them or those whose names have a text: the graphs' own first,
// the oldest first, so that whoever makes one later takes no name away.
func (s *Server) visible(ctx context.Context, text string) ([]store.Assistant, error) {
	value := &authhooks.AssistantsSearch{Metadata: map[string]any{}}
	authhooks.SetFacts(value, authhooks.Facts{Limit: wire.MaxLimit})
	scope, err := s.Guard.Assistants(ctx, value)
	if err != nil {
		return nil, err
	}
	query := store.AssistantQuery{Name: text, Limit: wire.MaxLimit, SortBy: "created_at", SortOrder: "asc"}
	if len(value.Metadata) > 0 {
		if query.Metadata, err = json.Marshal(value.Metadata); err != nil {
			return nil, fmt.Errorf("metadata, as the handler of assistants:search left it: %w", err)
		}
	}
	var graphs, others []store.Assistant
	for {
		rows, total, err := s.DB.Assistants.Search(ctx, scope, query)
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if row.System {
				graphs = append(graphs, row)
			} else {
				others = append(others, row)
			}
		}
		if query.Offset += len(rows); len(rows) == 0 || query.Offset >= total {
			return append(graphs, others...), nil
		}
	}
}

// list answers tools/list.
func (s *Server) list(ctx context.Context, params *sdk.ListToolsParams) (*sdk.ListToolsResult, error) {
	from := 0
	if params != nil && params.Cursor != "" {
		var err error
		if from, err = strconv.Atoi(params.Cursor); err != nil || from < 0 {
			return nil, &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: fmt.Sprintf("no such cursor: %q", params.Cursor)}
		}
	}
	all, err := s.visible(ctx, "")
	if err != nil {
		return nil, err
	}
	list := &sdk.ListToolsResult{Tools: []*sdk.Tool{}, Cacheable: sdk.Cacheable{CacheScope: "private"}}
	described := map[string]string{} // graphs, by those who made them
	for _, a := range all {
		if a.System && a.Description != nil {
			described[a.GraphID] = *a.Description
		}
	}
	named := names(all)
	for i := from; i < min(from+pageSize, len(all)); i++ {
		tool := &sdk.Tool{Name: named[i], Title: all[i].Name, Description: described[all[i].GraphID], InputSchema: s.schema(ctx, all[i])}
		if text := all[i].Description; text != nil && *text != "" {
			tool.Description = *text
		}
		list.Tools = append(list.Tools, tool)
	}
	if from < len(all) && len(all)-from > pageSize {
		list.NextCursor = strconv.Itoa(from + pageSize)
	}
	return list, ctx.Err()
}
