package mcp_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"go.uber.org/goleak"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/mcp"
	"github.com/locutory/locutory/platform/queue"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/worker"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// registry is the graphs of a test; a nil one does not load.
type registry map[string]graphs.Source

func (r registry) Graph(id string) (graphs.Source, error) {
	source, ok := r[id]
	if !ok {
		return nil, runs.ErrNoGraph
	}
	if source == nil {
		return nil, errors.New("./broken does not compile")
	}
	return source, nil
}

func (r registry) IDs() []string {
	var ids []string
	for id := range r {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

type chat struct {
	graphs.MessagesState
	Seen string `json:"seen"`
}

type settings struct {
	Tone string `json:"tone" jsonschema:"how to speak"`
}

type form struct {
	Context string `json:"context"`
	Seen    string `json:"seen" channel:"private"`
}

// gate holds the node of graph slow.
type gate struct{ running, stopped chan struct{} }

func graphsOf(g *gate) registry {
	say := graphs.NewStateGraph[chat](graphs.ContextSchema[settings]()).
		AddNode("say", func(ctx context.Context, s chat) (graphs.Update, error) {
			c, err := graphs.ContextFrom[settings](ctx)
			if err != nil {
				return nil, err
			}
			last := s.Messages[len(s.Messages)-1].Text()
			who := ""
			if user := graphs.RuntimeFrom(ctx).User; user != nil {
				who = user.Identity
			}
			return graphs.Patch(chat{MessagesState: graphs.MessagesState{Messages: []graphs.Message{graphs.AI("heard " + last)}}, Seen: who + "/" + c.Tone}), nil
		}).AddEdge(graphs.Start, "say").AddEdge("say", graphs.End)
	fill := graphs.NewStateGraph[form](graphs.ContextSchema[settings]()).
		AddNode("fill", func(ctx context.Context, s form) (graphs.Update, error) {
			c, err := graphs.ContextFrom[settings](ctx)
			return graphs.Patch(form{Context: "[" + s.Context + "/" + c.Tone + "]"}), err
		}).AddEdge(graphs.Start, "fill").AddEdge("fill", graphs.End)
	boom := graphs.NewStateGraph[form]().
		AddNode("boom", func(context.Context, form) (graphs.Update, error) { return nil, errors.New("kaput") }).
		AddEdge(graphs.Start, "boom").AddEdge("boom", graphs.End)
	ask := graphs.NewStateGraph[form]().
		AddNode("ask", func(ctx context.Context, _ form) (graphs.Update, error) {
			answer, err := graphs.Interrupt[string](ctx, map[string]string{"question": "may I?"})
			return graphs.Patch(form{Context: answer}), err
		}).AddEdge(graphs.Start, "ask").AddEdge("ask", graphs.End)
	slow := graphs.NewStateGraph[form]().
		AddNode("slow", func(ctx context.Context, _ form) (graphs.Update, error) {
			g.running <- struct{}{}
			<-ctx.Done()
			g.stopped <- struct{}{}
			return nil, ctx.Err()
		}).AddEdge(graphs.Start, "slow").AddEdge("slow", graphs.End)
	return registry{"say": say, "fill": fill, "boom": boom, "ask": ask, "slow": slow, "broken": nil}
}

// server is everything but package api: a token is the name of its user.
type server struct {
	t     testing.TB
	URL   string
	tools *mcp.Server
	db    *store.DB
	guard *access.Guard
	runs  *runs.Runs
	gate  *gate

	mu     sync.Mutex
	asked  []string // events that the hooks were asked, in order
	begun  int
	failed []error
}

// setup serves the graphs of [graphsOf], but for those that are named.
func setup(t testing.TB, policy authhooks.Handler, without ...string) *server {
	t.Helper()
	s := &server{t: t, gate: &gate{make(chan struct{}, 16), make(chan struct{}, 16)}}
	db, err := store.Open(t.Context(), store.Config{URI: filepath.Join(t.TempDir(), "test.db"), Indexed: []string{"owner"}})
	s.check(err)
	t.Cleanup(func() { s.check(db.Close()) })
	s.db = db
	s.guard, err = access.New(access.Config{Auth: authhooks.New(
		authhooks.Bearer(func(context.Context, string) (*authhooks.User, error) { return nil, nil }),
		authhooks.On(authhooks.Any, authhooks.Any, func(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
			s.mu.Lock()
			s.asked = append(s.asked, string(c.Resource)+":"+string(c.Action))
			s.mu.Unlock()
			return policy(ctx, c)
		}),
	)})
	s.check(err)
	all, hub, log := graphsOf(s.gate), events.NewHub(), slog.New(slog.DiscardHandler)
	for _, id := range without {
		delete(all, id)
	}
	var rows []store.SystemAssistant
	for _, id := range all.IDs() {
		description := "graph " + id
		rows = append(rows, store.SystemAssistant{ID: runs.SystemAssistantID(id), GraphID: id, Name: id, Description: &description})
	}
	s.check(db.Assistants.SyncSystem(t.Context(), access.System("test"), rows))
	s.runs = runs.New(runs.Config{DB: db, Hub: hub, Guard: s.guard, Graphs: all})
	w := worker.New(worker.Config{DB: db, Hub: hub, Guard: s.guard, Graphs: all, Log: log})
	q, err := queue.New(queue.Config{Store: db.Runs, Bell: hub.Bell(), Run: w.Run, Log: log, BeatEvery: 50 * time.Millisecond})
	s.check(err)
	ctx, stop := context.WithCancel(context.Background())
	var working sync.WaitGroup
	working.Go(func() { _ = q.Run(ctx) })
	t.Cleanup(func() { stop(); working.Wait() })

	s.tools = mcp.New(mcp.Config{DB: db, Runs: s.runs, Guard: s.guard, Version: "1", Log: log, Schemas: func(ctx context.Context, a store.Assistant) (graphs.Schemas, error) {
		source, err := all.Graph(a.GraphID)
		if err != nil {
			return graphs.Schemas{}, err
		}
		graph, err := source.Load(ctx, &graphs.ServerRuntime{})
		if err != nil {
			return graphs.Schemas{}, err
		}
		return graph.Schemas(), nil
	}})
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.serve(w, r) }))
	t.Cleanup(listener.Close)
	s.URL = listener.URL
	return s
}

// serve does what package api does around the answers.
func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	m, err := mcp.Read(r.Header, body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	ctx := as(r.Context(), strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "))
	answer, err := s.tools.Answer(ctx, m, "request", func() { s.note(func() { s.begun++ }) })
	if err != nil {
		s.note(func() { s.failed = append(s.failed, err) })
		answer.Status = http.StatusInternalServerError
		var told *authhooks.Error
		if errors.As(err, &told) {
			answer.Status = told.Status
		}
		answer.Body, _ = m.Failure(answer.Status, err.Error())
		answer.Header = http.Header{"Content-Type": {"application/json"}}
	}
	w.Header().Set("Content-Type", answer.Header.Get("Content-Type"))
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body)
}

// refusedOf tells whether an error is for the client.
func refusedOf(err error) bool {
	var refused *runs.Refusal
	return errors.As(err, &refused) && refused.Status < http.StatusInternalServerError
}

func (s *server) note(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

func (s *server) took() (asked []string) {
	s.note(func() { asked, s.asked = s.asked, nil })
	return asked
}

func (s *server) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// as is a context in which name calls.
func as(ctx context.Context, name string) context.Context {
	return access.With(ctx, access.Caller{
		User: &authhooks.User{Identity: name}, Origin: authhooks.OriginMCP, Transport: authhooks.TransportMCP,
	})
}

// assistant makes an assistant of name's.
func (s *server) assistant(name string, row store.AssistantNew) store.Assistant {
	s.t.Helper()
	scope, err := s.guard.Assistants(as(s.t.Context(), name), &authhooks.AssistantsCreate{})
	s.check(err)
	made, err := s.db.Assistants.Create(s.t.Context(), scope, nil, row)
	s.check(err)
	return made
}

// client is the SDK's own, connected as name.
func (s *server) client(name string) *sdk.ClientSession {
	s.t.Helper()
	transport := &http.Transport{}
	s.t.Cleanup(transport.CloseIdleConnections)
	session, err := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, nil).Connect(s.t.Context(), &sdk.StreamableClientTransport{
		Endpoint: s.URL, HTTPClient: &http.Client{Transport: bearer{name, transport}}, MaxRetries: -1,
	}, nil)
	s.check(err)
	s.t.Cleanup(func() { _ = session.Close() })
	return session
}

// bearer sends a user's token.
type bearer struct {
	name string
	next http.RoundTripper
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.name)
	return b.next.RoundTrip(r)
}

// list are all tools that name sees, in order.
func (s *server) list(name string) []*sdk.Tool {
	s.t.Helper()
	var all []*sdk.Tool
	for tool, err := range s.client(name).Tools(s.t.Context(), nil) {
		s.check(err)
		all = append(all, tool)
	}
	return all
}

// post sends a message as name and returns what comes back.
func (s *server) post(ctx context.Context, name, body string) string {
	s.t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL, strings.NewReader(body))
	s.check(err)
	r.Header = http.Header{
		"Authorization": {"Bearer " + name}, "Accept": {"application/json, text/event-stream"}, "Content-Type": {"application/json"},
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(r)
	s.check(err)
	defer func() { _ = response.Body.Close() }()
	whole, err := io.ReadAll(response.Body)
	s.check(err)
	return string(whole)
}

// call calls a tool as name.
func (s *server) call(name, tool string, arguments any) (*sdk.CallToolResult, error) {
	s.t.Helper()
	ctx, done := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer done()
	return s.client(name).CallTool(ctx, &sdk.CallToolParams{Name: tool, Arguments: arguments})
}
