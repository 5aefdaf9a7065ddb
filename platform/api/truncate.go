package api

import (
	"context"
	"net"
	"net/http"

	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// internal is the group of routes that are no part of the API.
const internal = "internal"

// testRoutes are what tests of clients need and no server has that is not told to (H-29).
func (s *Server) testRoutes() []Route {
	if !s.TestEndpoints {
		return nil
	}
	return []Route{{http.MethodPost, "/internal/truncate", internal, public(), s.truncate}}
}

// truncate answers POST /internal/truncate: it deletes everyone's rows. It is there for programs of this machine alone, also where the
// server is reached through another one.
func (s *Server) truncate(ctx context.Context, c *call) error {
	if !onThisMachine(c.gin.Request) {
		return refuse(http.StatusNotFound, "Not Found")
	}
	var in wire.Truncate
	if err := body(c, &in); err != nil {
		return err
	}
	err := s.DB.Truncate(ctx, access.System("test endpoint: truncate"), store.Truncation{
		Runs: in.Runs, Threads: in.Threads, Assistants: in.Assistants, Store: in.Store, Checkpoints: in.Checkpointer,
	})
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, wire.OK{OK: true})
}

// onThisMachine reports whether both ends of a connection are, and nobody says that he passes on what another has sent; nor is it from a
// page whose own name was made to point here.
func onThisMachine(r *http.Request) bool {
	if !ofThisMachine(r.Host) {
		return false
	}
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip"} {
		if _, there := r.Header[name]; there {
			return false
		}
	}
	local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return ok && loopback(local.String()) && loopback(r.RemoteAddr)
}

func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	ip := net.ParseIP(host)
	return err == nil && ip != nil && ip.IsLoopback()
}
