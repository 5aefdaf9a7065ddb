package platform

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/observe"
	"github.com/locutory/locutory/platform/store"
)

// sources is what the gauges of the server are read from.
func (s *Server) sources() observe.Sources {
	system := access.System("length of the queue")
	out := observe.Sources{
		Queue:   func(ctx context.Context) (int, int, error) { return s.db.Runs.Depth(ctx, system) },
		Streams: s.api.Streams,
		Pools:   s.pools,
	}
	if s.queue != nil {
		out.Workers, out.Active = s.cfg.Process.Workers, s.queue.Held
	}
	return out
}

func (s *Server) pools() []observe.Pool {
	name := "sqlite"
	if s.db.Dialect() == store.Postgres {
		name = "pg"
	}
	var out []observe.Pool
	for _, p := range s.db.Pools() {
		out = append(out, observe.Pool{
			Name: name, Kind: p.Kind, Max: p.Max, Open: p.Open, InUse: p.InUse, Waits: p.Waits, Waited: p.Waited,
		})
	}
	return out
}

// begin starts the app and serves the metrics; the function that it returns ends these.
func (s *Server) begin(ctx context.Context) (metrics func() error, err error) {
	if metrics, err = s.serveMetrics(ctx); err != nil {
		return nil, err
	}
	if err := s.Start(ctx); err != nil {
		return nil, errors.Join(err, metrics())
	}
	return metrics, nil
}

// serveMetrics serves /metrics, and nothing else, at the address that the operator chose for it, to whoever reaches that, until ctx is
// done; wait returns when it has ended. Without an address it does nothing.
func (s *Server) serveMetrics(ctx context.Context) (wait func() error, err error) {
	address := s.cfg.Process.MetricsAddr
	if address == "" {
		return func() error { return nil }, nil
	}
	if s.cfg.Process.Dev { // at a reload the server before would have the address still
		s.cfg.Log.Warn("LOCUTORY_METRICS_ADDR is not served by the development server; see /metrics")
		return func() error { return nil }, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("LOCUTORY_METRICS_ADDR: %w", err)
	}
	routes := http.NewServeMux()
	routes.Handle("GET /metrics", s.meter)
	server := &http.Server{
		Handler: routes, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 75 * time.Second,
		ErrorLog: slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		_ = server.Close()
	})
	return func() error {
		if stop() {
			_ = server.Close()
		} else {
			<-closed
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("metrics: %w", err)
		}
		return nil
	}, nil
}
