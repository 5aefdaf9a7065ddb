package api

import (
	"context"
	"net/http"

	"github.com/locutory/locutory/platform/wire"
)

// ok answers GET /ok: the server serves. With check_db it asks the database as well.
func (s *Server) ok(ctx context.Context, c *call) error {
	if c.flag("check_db") {
		if err := s.DB.Ping(ctx); err != nil {
			s.Log.ErrorContext(ctx, "database does not answer", "error", err)
			return refuse(http.StatusInternalServerError, "the database does not answer")
		}
	}
	return c.json(http.StatusOK, wire.OK{OK: true})
}

// info answers GET /info. Tools take the presence of langgraph_py_version and flags as the sign of this protocol.
func (s *Server) info(_ context.Context, c *call) error {
	return c.json(http.StatusOK, wire.Info{
		Version:          s.Version,
		LanggraphVersion: s.Version,
		Flags: map[string]bool{
			"assistants": !s.Disabled["assistants"], "crons": !s.Disabled["runs"], "mcp": !s.Disabled["mcp"], "langsmith": false, "langsmith_tracing_replicas": false,
		},
		Host: wire.Host{Kind: "self-hosted"},
	})
}
