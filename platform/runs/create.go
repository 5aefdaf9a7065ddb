package runs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// Texts that applications match on (rest.md §1.3).
const (
	detailBusy        = "Thread is already running a task. Wait for it to finish or choose a different multitask strategy."
	detailNoThread    = "Thread with ID %s not found"
	detailNoAssistant = "No assistant found for %q. Make sure the assistant ID is for a valid assistant or a valid graph ID."
	detailNoGraph     = "Graph %q not found"
)

// CreateRequest asks for a run.
type CreateRequest struct {
	ThreadID  string // "" for a stateless run, which gets a thread of its own
	Body      wire.RunCreate
	RequestID string
	// Configurable are settings that come with the request beside its body, and win over those of the body: the operator's. They are not
	// settings of the other kind, which a body may have instead.
	Configurable wire.Object
	// RunID is the id that the run will have; "" is a new one. One that is taken is store.ErrExists.
	RunID string
	// Hidden says that for who asks there is no such thread, whatever hooks say of a run on it.
	Hidden bool
}

// creation is one request on its way.
type creation struct {
	*Runs
	thread    string // the run's, also of a stateless one
	stateless bool
	body      wire.RunCreate
	request   string
	given     wire.Object // CreateRequest.Configurable
	runID     string
	assistant string
	system    bool // the assistant is a graph's own
	resuming  bool // see resumeAsNode

	value *authhooks.RunsCreate // what the hook left of metadata, config and context
	run   access.ThreadScope
	read  access.AssistantScope
	make  access.ThreadScope // threads:create
	// update is threads:update, nil when the strategy cancels nothing.
	update *access.ThreadScope
	// hidden says that a hook answered as if the thread was not there.
	hidden bool
	// mayNotMake is why the thread may not be made. It is the answer only if the thread is not there.
	mayNotMake error
}

// Create asks the hooks and makes the run. Order: the request's shape; threads:create_run; assistants:read, but for a graph's own
// assistant; threads:create when the run may make its thread; threads:update when it may cancel others (auth.md §2.8); one
// transaction. Errors are a [*Refusal], an [*authhooks.Error], or unexpected.
func (r *Runs) Create(ctx context.Context, req CreateRequest) (store.Run, error) {
	c, err := r.prepare(req)
	if err != nil {
		return store.Run{}, err
	}
	return c.create(ctx)
}

func (c *creation) create(ctx context.Context) (store.Run, error) {
	r := c.Runs
	if err := c.ask(ctx); err != nil {
		return store.Run{}, err
	}
	order, err := c.order(ctx)
	if err != nil {
		return store.Run{}, err
	}
	run, err := r.DB.Runs.Create(ctx, order.Thread, order.Assistant, order.New)
	if err != nil {
		return store.Run{}, c.refused(err)
	}
	if cancels(c.body.MultitaskStrategy) {
		r.Hub.Wake(run.ThreadID) // runs that never started have ended
		r.Hub.Poke(run.ThreadID)
	}
	r.Hub.Ring()
	return run, nil
}

// CreateAll makes stateless runs, in the order of the requests, all or none: every question is put before the first of them is made.
// The detail of a [*Refusal] begins with the index of the request that was refused.
func (r *Runs) CreateAll(ctx context.Context, requests []CreateRequest) ([]store.Run, error) {
	all := make([]*creation, len(requests))
	for i, req := range requests {
		var err error
		if all[i], err = r.prepare(req); err != nil {
			return nil, at(i, err)
		}
	}
	for i, c := range all {
		if err := c.ask(ctx); err != nil {
			return nil, at(i, err)
		}
	}
	orders := make([]store.RunOrder, len(requests))
	for i, c := range all {
		var err error
		if orders[i], err = c.order(ctx); err != nil {
			return nil, at(i, err)
		}
	}
	runs, err := r.DB.Runs.CreateAll(ctx, orders)
	var failed *store.OrderError
	if errors.As(err, &failed) {
		return nil, at(failed.Index, all[failed.Index].refused(failed.Err))
	}
	if err != nil {
		return nil, err
	}
	r.Hub.Ring()
	return runs, nil
}

// at says which of several requests an error is about.
func at(index int, err error) error {
	var refused *Refusal
	if errors.As(err, &refused) {
		return refuse(refused.Status, "[%d] %s", index, refused.Detail)
	}
	return err
}

// order is what the store is asked for.
func (c *creation) order(ctx context.Context) (store.RunOrder, error) {
	row, err := c.row(ctx)
	if err == nil {
		err = c.missing(ctx)
	}
	return store.RunOrder{Thread: c.run, Assistant: c.read, New: row}, err
}

// prepare checks what needs nobody's permission.
func (r *Runs) prepare(req CreateRequest) (*creation, error) {
	c := &creation{
		Runs: r, thread: req.ThreadID, stateless: req.ThreadID == "", body: req.Body, request: req.RequestID, runID: r.NewID(),
		given: Settings(req.Configurable), hidden: req.Hidden,
	}
	if req.RunID != "" {
		c.runID = req.RunID
	}
	if c.stateless {
		c.thread = r.NewID()
	}
	if err := c.body.Validate(); err != nil {
		return nil, refuse(http.StatusUnprocessableEntity, "%s", err)
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.body.MultitaskStrategy == "" {
		c.body.MultitaskStrategy = wire.MultitaskEnqueue
	}
	c.assistant, c.system = SystemAssistant(r.Graphs, c.body.AssistantID)
	if !c.system {
		c.assistant = strings.ToLower(c.body.AssistantID)
	}
	return c, nil
}

// ask puts all questions. None of them depends on whether a row is there.
func (c *creation) ask(ctx context.Context) (err error) {
	facts, err := c.facts()
	if err != nil {
		return err
	}
	c.value = &authhooks.RunsCreate{
		Metadata: c.clientMetadata(), Config: mapOf(c.withGiven(c.body.Config)), Context: orEmpty(c.body.Context),
	}
	authhooks.SetFacts(c.value, facts)
	if c.run, err = c.Guard.Threads(ctx, c.value); err != nil {
		if err = c.hides(err); err != nil {
			return err
		}
	}
	if c.read, err = c.askAssistant(ctx); access.Hidden(err) {
		return c.refused(store.ErrAssistantNotFound)
	} else if err != nil {
		return err
	}
	if c.makes() {
		value := &authhooks.ThreadsCreate{Metadata: map[string]any{}}
		authhooks.SetFacts(value, authhooks.Facts{ThreadID: c.thread, IfExists: "do_nothing"})
		c.make, c.mayNotMake = c.Guard.Threads(ctx, value)
		if c.stateless && c.mayNotMake != nil {
			return c.mayNotMake
		}
	}
	if !c.stateless && cancels(c.body.MultitaskStrategy) {
		return c.hides(c.askCancel(ctx))
	}
	return nil
}

// hides notes that a hook says of the thread that it is not there; every other answer is an error.
func (c *creation) hides(err error) error {
	if access.Hidden(err) && !c.stateless {
		c.hidden = true
		return nil
	}
	return err
}

// missing is the answer for a thread that a hook hides. As with one that is not there, the assistant comes first.
func (c *creation) missing(ctx context.Context) error {
	if !c.hidden {
		return nil
	}
	if _, err := c.DB.Assistants.Get(ctx, c.read, c.assistant); errors.Is(err, store.ErrNotFound) {
		return c.refused(store.ErrAssistantNotFound)
	} else if err != nil {
		return err
	}
	return c.refused(store.ErrNotFound)
}

func (c *creation) askAssistant(ctx context.Context) (access.AssistantScope, error) {
	if c.system {
		return c.Guard.SystemAssistant(), nil
	}
	value := &authhooks.AssistantsRead{}
	authhooks.SetFacts(value, authhooks.Facts{AssistantID: c.assistant})
	return c.Guard.Assistants(ctx, value)
}

// makes reports whether the run may make its thread.
func (c *creation) makes() bool { return c.stateless || c.body.IfNotExists == wire.IfNotExistsCreate }

func cancels(s wire.MultitaskStrategy) bool {
	return s == wire.MultitaskInterrupt || s == wire.MultitaskRollback
}

// askCancel asks whether the caller may cancel the runs of the thread that are under way. A refusal fails the request, whether there
// are such runs or not; so does a thread that is there and that the answer does not reach, which the store sees in its transaction.
func (c *creation) askCancel(ctx context.Context) error {
	value := &authhooks.ThreadsUpdate{Metadata: map[string]any{}}
	authhooks.SetFacts(value, authhooks.Facts{ThreadID: c.thread, Cancel: string(c.body.MultitaskStrategy)})
	update, err := c.Guard.Threads(ctx, value)
	c.update = &update
	return err
}

// row is the run to insert, with all that its execution needs and nothing that tells who a user is but the principal.
func (c *creation) row(ctx context.Context) (store.RunNew, error) {
	assistant, err := c.DB.Assistants.Get(ctx, c.read, c.assistant)
	if errors.Is(err, store.ErrNotFound) {
		return store.RunNew{}, refuse(http.StatusNotFound, detailNoAssistant, c.body.AssistantID)
	}
	if err != nil {
		return store.RunNew{}, err
	}
	if _, err := c.Graphs.Graph(assistant.GraphID); errors.Is(err, ErrNoGraph) {
		return store.RunNew{}, refuse(http.StatusNotFound, detailNoGraph, assistant.GraphID)
	} else if err != nil {
		return store.RunNew{}, refuse(http.StatusServiceUnavailable, "graph %q does not load: %v", assistant.GraphID, err)
	}
	metadata, err := c.metadata(assistant)
	if err != nil {
		return store.RunNew{}, err
	}
	kwargs, err := c.kwargs(assistant)
	if err != nil {
		return store.RunNew{}, err
	}
	row := store.RunNew{
		ID: c.runID, ThreadID: c.thread, AssistantID: assistant.ID, GraphID: assistant.GraphID,
		Strategy: string(c.body.MultitaskStrategy), Resumable: c.body.StreamResumable, Metadata: metadata, Kwargs: kwargs,
		After: time.Duration(c.body.AfterSeconds * float64(time.Second)), Temporary: c.temporary(),
		Update: c.update, Webhook: string(c.body.Webhook),
	}
	for _, mode := range c.body.StreamMode.OrValues() {
		row.Modes = append(row.Modes, string(mode))
	}
	if c.makes() && c.mayNotMake == nil {
		row.Implicit = &store.ImplicitThread{Scope: c.make, Metadata: c.value.Metadata}
	}
	if user := c.run.User(); user != nil {
		maker, err := access.PrincipalOf(user).Reaching(c.run, c.read)
		if err == nil {
			row.Principal, err = json.Marshal(maker)
		}
		if err != nil {
			return store.RunNew{}, fmt.Errorf("principal: %w", err)
		}
	}
	return row, nil
}

// temporary reports whether the thread goes away with the run.
func (c *creation) temporary() bool {
	return c.stateless && c.body.OnCompletion != wire.OnCompletionKeep
}

// refused makes the answer of an error of the store.
func (c *creation) refused(err error) error {
	switch {
	case errors.Is(err, store.ErrAssistantNotFound):
		return refuse(http.StatusNotFound, detailNoAssistant, c.body.AssistantID)
	case errors.Is(err, store.ErrNotFound) && c.mayNotMake != nil:
		return c.mayNotMake
	case errors.Is(err, store.ErrNotFound):
		return refuse(http.StatusNotFound, detailNoThread, c.thread)
	case errors.Is(err, store.ErrOutOfReach):
		return refuse(http.StatusForbidden, "the run would put its thread out of your reach")
	case errors.Is(err, store.ErrBusy):
		return refuse(http.StatusConflict, detailBusy)
	}
	return err
}
