// Package mcp shows assistants as tools of the Model Context Protocol: whoever may search assistants lists them as tools, and
// whoever may run one calls it, which makes a stateless run like any other (rest.md §8.2).
//
// The protocol is the official SDK's, in its stateless mode; this package says which tools there are. It keeps no list of them:
// each request looks for what its caller may see, so that nothing of one caller can be left over for another. It refuses what
// would make a connection outlive its request: sessions, batches, streams of the server's own.
//
//	message, err := mcp.Read(header, body)
//	...
//	answer, err := server.Answer(ctx, message, requestID, begun) // ctx holds an access.Caller
package mcp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
)

// Config is what a Server is made of. All fields are needed.
type Config struct {
	DB    *store.DB
	Runs  *runs.Runs
	Guard *access.Guard
	// Schemas describes the graph of an assistant, made for the caller in the context.
	Schemas func(ctx context.Context, a store.Assistant) (graphs.Schemas, error)
	// Version is what clients are told at initialize.
	Version string
	Log     *slog.Logger
}

// Server answers messages. It is safe for concurrent use and holds nothing of its callers.
type Server struct{ Config }

// New returns a Server.
func New(cfg Config) *Server { return &Server{cfg} }

// Methods are the methods that are served; every other one is unknown.
func Methods() []string {
	return []string{"initialize", "ping", "tools/list", "tools/call", "server/discover"}
}

// Answer answers a message of the caller in ctx, who has been authenticated. begun is called when a run was made: from then on the
// answer is a result, and may take long. When ctx ends before the run, the run is cancelled.
//
// The error is that of a hook, a [*runs.Refusal], or unexpected; [Message.Failure] is the body for it.
func (s *Server) Answer(ctx context.Context, m *Message, requestID string, begun func()) (answer Answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	switch {
	case !m.request.IsCall() && !m.known():
		return Answer{Status: http.StatusAccepted}, nil // nothing depends on what a client merely tells
	case !m.known():
		return m.unknown()
	}
	e := &exchange{server: s, requestID: requestID, begun: begun}
	w, err := m.serve(ctx, e.sdk(ctx, m))
	switch {
	case err != nil:
		return Answer{}, err
	case e.failed != nil:
		return Answer{}, e.failed
	case ctx.Err() != nil:
		return Answer{}, context.Cause(ctx)
	case w.Status >= http.StatusBadRequest && !strings.HasPrefix(w.Header.Get("Content-Type"), "application/json"):
		return Answer{}, &runs.Refusal{Status: w.Status, Detail: strings.TrimSpace(string(w.Body))}
	}
	return *w, nil
}

// exchange is a message on its way to its answer.
type exchange struct {
	server    *Server
	requestID string
	begun     func()
	failed    error // what the client is not told in the protocol's own words
}

// sdk returns a server for the message, which knows of no tool but the one that is called. ctx is the request's: the SDK's outlives it.
func (e *exchange) sdk(ctx context.Context, m *Message) *sdk.Server {
	server := sdk.NewServer(&sdk.Implementation{Name: "locutory", Version: e.server.Version}, &sdk.ServerOptions{
		Capabilities: &sdk.ServerCapabilities{Tools: &sdk.ToolCapabilities{}},
		SetCacheable: func(_ context.Context, _ sdk.Request, c *sdk.Cacheable) { c.CacheScope = "private" },
	})
	if m.request.Method == "tools/call" {
		server.AddTool(&sdk.Tool{Name: m.tool(), InputSchema: open}, func(_ context.Context, r *sdk.CallToolRequest) (*sdk.CallToolResult, error) {
			return caught(e, func() (*sdk.CallToolResult, error) {
				return e.server.call(ctx, call{
					name: r.Params.Name, arguments: r.Params.Arguments, context: m.context(), configurable: m.Configurable, requestID: e.requestID, begun: e.begun,
				})
			})
		})
	}
	server.AddReceivingMiddleware(func(next sdk.MethodHandler) sdk.MethodHandler {
		return func(inner context.Context, method string, r sdk.Request) (sdk.Result, error) {
			if r, ok := r.(*sdk.ListToolsRequest); ok {
				return caught(e, func() (*sdk.ListToolsResult, error) { return e.server.list(ctx, r.Params) })
			}
			return next(inner, method, r)
		}
	})
	return server
}

// caught calls f and keeps an error of it that is none of the protocol's; a panic is one. The SDK would tell its text.
func caught[R any](e *exchange, f func() (*R, error)) (result *R, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
		var told *jsonrpc.Error
		if err != nil && !errors.As(err, &told) {
			result, e.failed, err = nil, err, &jsonrpc.Error{Code: jsonrpc.CodeInternalError, Message: "internal error"}
		}
	}()
	return f()
}

// serve lets the SDK answer. When it returns, nothing goes on.
func (m *Message) serve(ctx context.Context, server *sdk.Server) (*Answer, error) {
	handler := sdk.NewStreamableHTTPHandler(func(*http.Request) *sdk.Server { return server }, &sdk.StreamableHTTPOptions{
		Stateless: true, JSONResponse: true,
		MaxRequestBodyBytes:        -1,   // it has been read
		DisableLocalhostProtection: true, // it would refuse what a proxy on this machine passes on; all routes have the same guard
	})
	body, err := jsonrpc.EncodeMessage(m.request)
	if err != nil {
		return nil, fmt.Errorf("message: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "/mcp", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header = m.header
	w := &recorder{Answer{Header: http.Header{}}}
	handler.ServeHTTP(w, r)
	return &w.Answer, nil
}
