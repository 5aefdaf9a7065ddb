package a2a

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"maps"
	"net/http"
	"strings"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/events"
	v1 "github.com/locutory/locutory/platform/events/v1"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// sendParams are those of SendMessage and message/send.
type sendParams struct {
	Message       *sentMessage      `json:"message"`
	Configuration sendConfiguration `json:"configuration"`
	Metadata      wire.Object       `json:"metadata"`
}

// sendConfiguration says how a message is answered.
type sendConfiguration struct {
	HistoryLength *int `json:"historyLength"`
	// Blocking is of version 0.3, ReturnImmediately of 1.0.
	Blocking          *bool           `json:"blocking"`
	ReturnImmediately bool            `json:"returnImmediately"`
	Push              json.RawMessage `json:"pushNotificationConfig"`
	TaskPush          json.RawMessage `json:"taskPushNotificationConfig"`
}

// waits reports whether the caller wants the end.
func (p *sendParams) waits() bool {
	if p.Configuration.Blocking != nil {
		return *p.Configuration.Blocking
	}
	return !p.Configuration.ReturnImmediately
}

// sending is a message on its way to a run.
type sending struct {
	*call
	params  sendParams
	history int
	said    message
	read    access.ThreadScope
	// thread is new, or that of the context; asks is the task that the message answers, nil when it begins one.
	thread string
	fresh  bool
	asks   *store.Task
}

// send answers SendMessage, SendStreamingMessage, message/send and message/stream.
func (c *call) send(ctx context.Context) (*Answer, error) {
	s := &sending{call: c}
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := c.takesMessages(ctx); err != nil {
		return nil, err
	}
	if err := s.aim(ctx); err != nil {
		return nil, err
	}
	request, err := s.run()
	if err != nil {
		return nil, err
	}
	streams := methods()[c.rpc.Method].streams
	if !streams && !s.params.waits() {
		run, err := c.Runs.Create(ctx, request)
		if err != nil {
			return nil, refused(err)
		}
		return c.result(c.version.sent(s.begun(run)))
	}
	started, err := c.Runs.Start(ctx, request)
	if err != nil {
		return nil, refused(err)
	}
	answer := &Answer{close: started.Close}
	t := s.begun(started.Run)
	if streams {
		answer.Stream = c.stream(ctx, s.read, t, started.Stream(ctx, s.read, told()))
		return answer, nil
	}
	answer.Wait = c.later(c.version.sent, func(ctx context.Context) (task, error) {
		return c.whole(ctx, s.read, t.id, started.Stream(ctx, s.read, told()), s.history)
	})
	return answer, nil
}

// told are the modes of a run's stream that show what the assistant says, and what comes into the thread's state.
func told() v1.Options {
	return v1.Options{Modes: []wire.StreamMode{wire.StreamMessagesTuple, wire.StreamValues}}
}

// check reads the parameters.
func (s *sending) check() (err error) {
	if err := params(s.call, &s.params); err != nil {
		return err
	}
	if s.params.Message == nil {
		return fail(codeParams, "message is required")
	}
	s.ignore()
	if given(s.params.Configuration.Push) || given(s.params.Configuration.TaskPush) {
		_, err := s.noPush(context.Background())
		return err
	}
	if s.history, err = historyLength(s.params.Configuration.HistoryLength); err != nil {
		return err
	}
	if s.said, err = s.params.Message.read(); err == nil && s.said.id == "" {
		s.said.id = s.NewID()
	}
	return err
}

// ignore notes what inside of the parameters nobody knows: all that this protocol lets a caller ask for is in there.
func (s *sending) ignore() {
	var inner struct {
		Message       json.RawMessage `json:"message"`
		Configuration json.RawMessage `json:"configuration"`
	}
	var message struct {
		Parts []json.RawMessage `json:"parts"`
	}
	if json.Unmarshal(s.rpc.Params, &inner) != nil || json.Unmarshal(inner.Message, &message) != nil {
		return
	}
	ignore[sendConfiguration](s.call, "configuration.", inner.Configuration)
	ignore[sentMessage](s.call, "message.", inner.Message)
	for _, part := range message.Parts {
		ignore[sentPart](s.call, "message.parts.", part)
	}
}

// takesMessages refuses assistants that nobody can talk to.
func (c *call) takesMessages(ctx context.Context) error {
	schemas, err := c.Schemas(ctx, c.assistant)
	if err != nil {
		return err
	}
	var schema struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if json.Unmarshal(schemas.Input, &schema) != nil || schema.Properties["messages"] == nil {
		return fail(codeParams, "the assistant takes no messages: the input of its graph %q has no field messages", c.assistant.GraphID)
	}
	return nil
}

// aim finds the thread, and the task that the message answers.
func (s *sending) aim(ctx context.Context) (err error) {
	m := s.params.Message
	thread, run, err := taskID(m.TaskID)
	if err != nil {
		return err
	}
	if m.ContextID != "" && !wire.IsUUID(m.ContextID) {
		return noContext()
	}
	s.thread = strings.ToLower(m.ContextID)
	asked := cmp.Or(s.thread, thread)
	s.read, err = s.call.read(ctx, authhooks.Facts{ThreadID: asked, RunID: run})
	switch hidden := access.Hidden(err); {
	case hidden && run != "" && s.thread != "":
		return otherContext()
	case hidden && run != "":
		return noTask()
	case hidden && s.thread != "":
		return noContext()
	case err != nil:
		return err
	}
	switch {
	case thread != "" && thread != asked:
		return otherContext()
	case run != "":
		return s.aimAtTask(ctx, asked, run)
	case s.thread != "":
		return s.aimAtContext(ctx)
	}
	s.thread, s.fresh = s.NewID(), true
	return nil
}

// aimAtTask looks for the task in the thread that the hook was asked about and in no other: what it lets through may be that thread alone.
func (s *sending) aimAtTask(ctx context.Context, thread, run string) error {
	t, err := s.task(ctx, s.read, thread, run)
	var missing *rpcError
	if s.thread != "" && errors.As(err, &missing) {
		return otherContext()
	}
	if err != nil {
		return err
	}
	if !t.Asks() {
		state := stateOf(&t)
		if terminal(state) {
			return fail(codeUnsupported, "the task is %s and takes no more messages; send to its context, without a task, to begin another", state)
		}
		return fail(codeUnsupported, "the task is %s; wait until it has ended or asks for input", state)
	}
	s.thread, s.asks = t.ThreadID, &t
	return nil
}

func (s *sending) aimAtContext(ctx context.Context) error {
	thread, err := s.DB.Threads.Get(ctx, s.read, s.thread)
	if errors.Is(err, store.ErrNotFound) {
		return noContext()
	}
	if err != nil || thread.Status != "interrupted" {
		return err
	}
	t, err := s.DB.Runs.Task(ctx, s.read, store.TaskQuery{AssistantID: s.assistant.ID, ThreadID: s.thread})
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err == nil && t.Asks() {
		s.asks = &t
	}
	return err
}

// otherContext is the answer for a task that is not in the context, wherever else it is, or nowhere.
func otherContext() error {
	return fail(codeParams, "message.contextId is not that of message.taskId")
}

// noContext is the answer for what is not there, and for what is somebody else's. A context begins with the first message that names
// none: an id of the caller's own choice would tell which ids others have.
func noContext() error {
	return fail(codeParams, "message.contextId: no such context; leave it out to begin one")
}

// run is the run that is asked for.
func (s *sending) run() (runs.CreateRequest, error) {
	body := wire.RunCreate{
		AssistantID: s.assistant.ID, Metadata: wire.Object{}, StreamResumable: true,
		StreamMode: wire.StreamModes{wire.StreamValues, wire.StreamMessagesTuple},
	}
	maps.Copy(body.Metadata, s.params.Metadata)
	delete(body.Metadata, store.TaskKey)
	if s.fresh {
		body.IfNotExists = wire.IfNotExistsCreate
	}
	if s.asks != nil {
		body.Metadata[store.TaskKey] = s.asks.ID
		command, err := s.resume()
		body.Command = command
		return runs.CreateRequest{ThreadID: s.thread, Body: body, RequestID: s.request.ID, Configurable: s.request.Configurable}, err
	}
	said, err := s.said.human()
	if err != nil {
		return runs.CreateRequest{}, err
	}
	body.Input, err = json.Marshal(object{"messages": []json.RawMessage{said}})
	return runs.CreateRequest{ThreadID: s.thread, Body: body, RequestID: s.request.ID, Configurable: s.request.Configurable}, err
}

// resume goes on with the task: the message answers its question. A run that stopped at a breakpoint has none: the message is added to
// what was said.
func (s *sending) resume() (*wire.Command, error) {
	if len(interruptsOf(s.asks)) == 0 {
		said, err := s.said.human()
		if err != nil {
			return nil, err
		}
		list, err := json.Marshal([]json.RawMessage{said})
		return &wire.Command{Update: wire.Writes{{Key: "messages", Value: list}}}, err
	}
	value, err := s.said.answer()
	return &wire.Command{Resume: wire.Some(value)}, err
}

// begun is the task right after its run was made.
func (s *sending) begun(run store.Run) task {
	t := task{id: run.ID, context: run.ThreadID, status: status{state: stateSubmitted, at: run.UpdatedAt}}
	if s.asks != nil {
		t.id = s.asks.ID
	}
	if s.history > 0 {
		said := s.said
		said.task, said.context = t.id, t.context
		t.history = []message{said}
	}
	return t
}

// refused gives what package runs refuses in the protocol's words, where it has some.
func refused(err error) error {
	var r *runs.Refusal
	if !errors.As(err, &r) {
		return err
	}
	switch r.Status {
	case http.StatusNotFound: // the thread, which was there a moment ago
		return noContext()
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusConflict:
		return fail(codeParams, "%s", r.Detail)
	}
	return err
}

// stream tells a task as it goes on. What it needs of the rows at the end, it asks for by read.
func (c *call) stream(ctx context.Context, read access.ThreadScope, t task, frames iter.Seq2[events.Frame, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		tell := func(v any) bool {
			data, err := c.succeeded(v)
			return yield(data, err) && err == nil
		}
		if !tell(c.version.sent(t)) {
			return
		}
		f := newFold()
		f.begun = t.status.state != stateSubmitted
		for frame, err := range frames {
			var updates []update
			if err == nil {
				updates, err = f.apply(frame)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, u := range updates {
				if !tell(c.version.event(t.id, t.context, u)) {
					return
				}
			}
		}
		for _, u := range f.close() {
			if !tell(c.version.event(t.id, t.context, u)) {
				return
			}
		}
		end, err := c.statusOf(ctx, read, t)
		if err != nil {
			yield(nil, err)
			return
		}
		tell(c.version.event(t.id, t.context, update{status: end, final: true}))
	}
}
