package api

import (
	"context"
	"net/http"
	"time"

	"github.com/locutory/locutory/platform/wire"
)

// ok answers GET /ok and its alias GET /: the server serves. With check_db it asks the database as well, of which an open route says no
// more than that it answers.
func (s *Server) ok(ctx context.Context, c *call) error {
	answer := wire.OK{OK: true}
	if check, _ := c.flag("check_db"); check { // a probe does not fail by its spelling
		ctx, done := context.WithTimeout(ctx, pingTimeout)
		defer done()
		if err := s.DB.Ping(ctx); err != nil {
			s.Log.ErrorContext(ctx, "database does not answer", "error", err)
			return refuse(http.StatusInternalServerError, "the database does not answer")
		}
		answer.Services = map[string]string{"database": "ok"}
	}
	return c.json(http.StatusOK, answer)
}

// pingTimeout is how long the database may take to say that it is there.
const pingTimeout = 5 * time.Second

// info answers GET /info. Tools take the presence of langgraph_py_version and flags as the sign of this protocol.
func (s *Server) info(_ context.Context, c *call) error {
	return c.json(http.StatusOK, wire.Info{
		Version:          s.Version,
		LanggraphVersion: s.Version,
		Flags:            s.flags(),
		Host:             wire.Host{Kind: "self-hosted"},
		Metadata:         wire.Object{},
	})
}

// flags say what this server does: the groups of routes that it has and that platform.json leaves on.
func (s *Server) flags() map[string]bool {
	flags := map[string]bool{
		"langsmith": false, "langsmith_tracing_replicas": false, "webhooks": !s.Disabled["webhooks"], "crons": !s.Disabled["runs"],
	}
	for _, group := range []string{"assistants", "threads", "runs", "store", "mcp", "a2a"} {
		flags[group] = !s.Disabled[group]
	}
	return flags
}
