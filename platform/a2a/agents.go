package a2a

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// Config is what Agents need.
type Config struct {
	DB     *store.DB
	Runs   *runs.Runs
	Guard  *access.Guard
	Graphs runs.Registry
	// Schemas describes the graph of an assistant. Its errors are for the caller.
	Schemas func(ctx context.Context, assistant store.Assistant) (graphs.Schemas, error)
	// Schemes are the security schemes that cards tell of, by name, and Requirements are what of them a caller needs, any one of which is
	// enough. Without schemes a server with hooks tells of those that the SDKs use.
	Schemes      map[string]json.RawMessage
	Requirements []map[string][]string
	// Version is the server's, which cards tell.
	Version string
	NewID   func() string // UUIDs that grow with time
}

// Agents are the assistants of a server, as agents. They are safe for concurrent use.
type Agents struct{ Config }

// New returns Agents.
func New(cfg Config) *Agents { return &Agents{cfg} }

// Request is one call of a method. The context of [Agents.Call] has the caller.
type Request struct {
	// Assistant is the id of an assistant, or the name of a graph.
	Assistant string
	Body      []byte
	// Accept are the values of the header of that name, and Version is that of A2A-Version.
	Accept  []string
	Version string
	// URL is that of the endpoint for an assistant by its id, as the caller reaches it.
	URL func(id string) string
	// ID is the request's, for logs.
	ID string
	// Configurable are settings of the operator's for the run that a message makes.
	Configurable wire.Object
}

// Answer is what the caller gets: Body at once; or what Wait returns, which takes its time; or the messages of Stream, each a JSON
// document of one line, until it ends. A stream that ends without an error says that the task has ended or waits for input. Close must
// be called in any case.
type Answer struct {
	Status int // of HTTP, for Body
	Body   []byte
	Wait   func(ctx context.Context) ([]byte, error)
	Stream iter.Seq2[[]byte, error]
	// Ignored are the parameters that nobody knows, by their paths.
	Ignored []string
	close   func()
}

// Close ends what the answer follows. The run goes on.
func (a *Answer) Close() {
	if a.close != nil {
		a.close()
	}
}

// call is one request on its way.
type call struct {
	*Agents
	request   Request
	rpc       rpcRequest
	version   version
	assistant store.Assistant
	ignored   []string
}

// method answers one.
type method struct {
	version version
	streams bool
	handle  func(*call, context.Context) (*Answer, error)
}

// methods are by name.
func methods() map[string]method {
	return map[string]method{
		"SendMessage":          {v10, false, (*call).send},
		"SendStreamingMessage": {v10, true, (*call).send},
		"GetTask":              {v10, false, (*call).get},
		"ListTasks":            {v10, false, (*call).list},
		"CancelTask":           {v10, false, (*call).cancel},
		"SubscribeToTask":      {v10, true, (*call).subscribe},
		"GetExtendedAgentCard": {v10, false, (*call).extendedCard},

		"CreateTaskPushNotificationConfig": {v10, false, (*call).noPush},
		"GetTaskPushNotificationConfig":    {v10, false, (*call).noPush},
		"ListTaskPushNotificationConfigs":  {v10, false, (*call).noPush},
		"DeleteTaskPushNotificationConfig": {v10, false, (*call).noPush},

		"message/send":                       {v03, false, (*call).send},
		"message/stream":                     {v03, true, (*call).send},
		"tasks/get":                          {v03, false, (*call).get},
		"tasks/cancel":                       {v03, false, (*call).cancel},
		"tasks/resubscribe":                  {v03, true, (*call).subscribe},
		"agent/getAuthenticatedExtendedCard": {v03, false, (*call).extendedCard},

		"tasks/pushNotificationConfig/set":    {v03, false, (*call).noPush},
		"tasks/pushNotificationConfig/get":    {v03, false, (*call).noPush},
		"tasks/pushNotificationConfig/list":   {v03, false, (*call).noPush},
		"tasks/pushNotificationConfig/delete": {v03, false, (*call).noPush},
	}
}

// Methods are the names of all methods, of both versions.
func Methods() []string { return slices.Sorted(maps.Keys(methods())) }

// Call answers a request. What the protocol has a code for is in the answer; an error is one that every route of the server gives: of
// the hooks, or that there is no such assistant.
func (a *Agents) Call(ctx context.Context, r Request) (*Answer, error) {
	c := &call{Agents: a, request: r}
	answer, err := c.answer(ctx)
	var refused *rpcError
	if errors.As(err, &refused) {
		answer, err = c.refused(refused), nil
	}
	if answer != nil {
		slices.Sort(c.ignored)
		answer.Ignored = slices.Compact(c.ignored)
	}
	return answer, err
}

// refused is the answer to a call that fails at once. Clients that are older than the header for versions read events only where they
// asked for a stream; all others understand a plain answer there too, and better.
func (c *call) refused(e *rpcError) *Answer {
	body, status := c.failed(e), e.status()
	if m := methods()[c.rpc.Method]; m.streams && m.version == v03 && c.request.Version == "" && status == http.StatusOK {
		return &Answer{Stream: func(yield func([]byte, error) bool) { yield(body, nil) }}
	}
	return &Answer{Status: status, Body: body}
}

func (c *call) answer(ctx context.Context) (*Answer, error) {
	if err := c.rpc.read(c.request.Body); err != nil {
		return nil, err
	}
	m, known := methods()[c.rpc.Method]
	c.version = m.version
	if err := accepts(c.request.Accept, m.streams); err != nil {
		return nil, err
	}
	if !known {
		return nil, fail(codeNoMethod, "no such method: %.60q", c.rpc.Method)
	}
	if err := supported(c.request.Version); err != nil {
		return nil, err
	}
	var err error
	if c.assistant, err = c.found(ctx, c.request.Assistant, false); err != nil {
		return nil, err
	}
	return m.handle(c, ctx)
}

// found returns an assistant. Every caller may run those of the graphs themselves, as on every other way to a run; always asks the
// hooks for those too.
func (a *Agents) found(ctx context.Context, text string, always bool) (store.Assistant, error) {
	id, system := runs.SystemAssistant(a.Graphs, text)
	if !system {
		if !wire.IsUUID(text) {
			return store.Assistant{}, noAssistant()
		}
		id = strings.ToLower(text)
	}
	scope := a.Guard.SystemAssistant()
	if !system || always {
		value := &authhooks.AssistantsRead{}
		authhooks.SetFacts(value, authhooks.Facts{AssistantID: id})
		var err error
		if scope, err = a.Guard.Assistants(ctx, value); access.Hidden(err) {
			return store.Assistant{}, noAssistant()
		} else if err != nil {
			return store.Assistant{}, err
		}
	}
	row, err := a.DB.Assistants.Get(ctx, scope, id)
	if errors.Is(err, store.ErrNotFound) {
		return store.Assistant{}, noAssistant()
	}
	return row, err
}

func noAssistant() error {
	return &runs.Refusal{Status: http.StatusNotFound, Detail: "Assistant not found"}
}

// read asks threads:read.
func (c *call) read(ctx context.Context, facts authhooks.Facts) (access.ThreadScope, error) {
	value := &authhooks.ThreadsRead{}
	authhooks.SetFacts(value, facts)
	return c.Guard.Threads(ctx, value)
}

// result is an answer that is there at once.
func (c *call) result(v any) (*Answer, error) {
	body, err := c.succeeded(v)
	return &Answer{Status: http.StatusOK, Body: body}, err
}

func (c *call) noPush(context.Context) (*Answer, error) {
	return nil, fail(codeNoPush, "push notifications are not supported; follow the task's stream, or ask for the task")
}

func (c *call) extendedCard(ctx context.Context) (*Answer, error) {
	if _, err := c.found(ctx, c.request.Assistant, true); err != nil {
		return nil, err
	}
	return c.result(c.card(c.assistant, c.request.URL(c.assistant.ID)))
}

// params decodes the request's parameters. What the package does not know of them is ignored, and told.
func params[T any](c *call, v *T) error {
	if len(c.rpc.Params) == 0 {
		return nil
	}
	if err := wire.Decode(c.rpc.Params, v); err != nil {
		return fail(codeParams, "params: %s", err)
	}
	ignore[T](c, "", c.rpc.Params)
	return nil
}

// ignore notes the fields of an object of the parameters that T does not have; prefix is where the object is.
func ignore[T any](c *call, prefix string, object json.RawMessage) {
	unknown, err := wire.UnknownFields[T](object)
	if err != nil { // it has been decoded, or was left out
		return
	}
	for _, name := range unknown {
		c.ignored = append(c.ignored, prefix+name)
	}
}

// given reports whether there is something but null.
func given(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }
