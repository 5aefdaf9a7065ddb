package a2a

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// maxHistory is how many messages of a task's history are told at most (rest.md §8.3), and how many when the caller does not say.
const maxHistory = 10

// historyLength is how many messages the caller gets.
func historyLength(asked *int) (int, error) {
	switch {
	case asked == nil:
		return maxHistory, nil
	case *asked < 0:
		return 0, fail(codeParams, "historyLength: want 0 or more")
	}
	return min(*asked, maxHistory), nil
}

// taskID reads the id of a task: that of a run, or thread:run. An id that is none is nobody's.
func taskID(text string) (thread, run string, err error) {
	if text == "" {
		return "", "", nil
	}
	run = text
	if before, after, ok := strings.Cut(text, ":"); ok {
		thread, run = strings.ToLower(before), after
		if !wire.IsUUID(thread) {
			return "", "", noTask()
		}
	}
	if !wire.IsUUID(run) {
		return "", "", noTask()
	}
	return thread, strings.ToLower(run), nil
}

// task returns the rows of one task of the assistant.
func (c *call) task(ctx context.Context, read access.ThreadScope, thread, run string) (store.Task, error) {
	t, err := c.DB.Runs.Task(ctx, read, store.TaskQuery{AssistantID: c.assistant.ID, ThreadID: thread, ID: run})
	if errors.Is(err, store.ErrNotFound) {
		return t, noTask()
	}
	return t, err
}

// stateOf is the state of a task.
func stateOf(t *store.Task) string {
	switch t.Status {
	case store.RunPending:
		return stateSubmitted
	case store.RunRunning:
		return stateWorking
	case store.RunError, store.RunTimeout:
		return stateFailed
	case store.RunInterrupted:
		return stateCanceled
	}
	if t.Asks() {
		return stateAsks
	}
	return stateCompleted
}

// interruptsOf are what a task that asks for input asks.
func interruptsOf(t *store.Task) (out []graphs.Interruption) {
	var byTask map[string][]graphs.Interruption
	if json.Unmarshal(t.Interrupts, &byTask) != nil {
		return nil
	}
	for _, list := range byTask {
		out = append(out, list...)
	}
	slices.SortFunc(out, func(a, b graphs.Interruption) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// statusOfRow is what the rows say of the state.
func statusOfRow(t *store.Task) status {
	s := status{state: stateOf(t), at: t.UpdatedAt}
	said := message{id: t.Run.ID + "-" + s.state, agent: true, task: t.ID, context: t.ThreadID}
	switch s.state {
	case stateAsks:
		for _, asked := range interruptsOf(t) {
			p := part{data: asked.Value}
			var text string
			if json.Unmarshal(asked.Value, &text) == nil {
				p = textPart(text)
			}
			p.metadata = object{"interrupt_id": asked.ID}
			said.parts = append(said.parts, p)
		}
	case stateFailed:
		failure := graphs.Failure{Message: "the run failed"}
		if json.Unmarshal(t.Error, &failure) == nil && failure.Message == "" {
			failure.Message = failure.Class
		}
		said.parts = []part{textPart(failure.Message)}
	}
	if len(said.parts) > 0 {
		s.message = &said
	}
	return s
}

// statusOf is that of a task whose stream has ended. A task that is gone was cancelled with all its traces.
func (c *call) statusOf(ctx context.Context, read access.ThreadScope, t task) (status, error) {
	row, err := c.DB.Runs.Task(ctx, read, store.TaskQuery{AssistantID: c.assistant.ID, ThreadID: t.context, ID: t.id})
	if errors.Is(err, store.ErrNotFound) {
		return status{state: stateCanceled}, nil
	}
	return statusOfRow(&row), err
}

// whole is a task with all that its run has said, which is waited for.
func (c *call) whole(ctx context.Context, read access.ThreadScope, id string, frames iter.Seq2[events.Frame, error], history int) (task, error) {
	f := newFold()
	f.collects = true
	for frame, err := range frames {
		if err == nil {
			_, err = f.apply(frame)
		}
		if err != nil {
			return task{}, err
		}
	}
	row, err := c.task(ctx, read, "", id)
	if err != nil {
		return task{}, err
	}
	t := task{id: row.ID, context: row.ThreadID, status: statusOfRow(&row), artifacts: f.artifacts()}
	t.history = conversation(f.values, t.context, history)
	if f.values == nil {
		err = c.remember(ctx, read, &row, &t, history)
	}
	return t, err
}

// later is an answer with a task that takes its time. What the protocol has a code for is an answer, too.
func (c *call) later(write func(task) object, wait func(context.Context) (task, error)) func(context.Context) ([]byte, error) {
	return func(ctx context.Context) ([]byte, error) {
		t, err := wait(ctx)
		var refused *rpcError
		if errors.As(err, &refused) {
			return c.failed(refused), nil
		}
		if err != nil {
			return nil, err
		}
		return c.succeeded(write(t))
	}
}

// remember tells what was said on a thread of which the log knows nothing: yet, or any more.
func (c *call) remember(ctx context.Context, read access.ThreadScope, row *store.Task, t *task, history int) error {
	if !row.Latest {
		return nil
	}
	thread, err := c.DB.Threads.Get(ctx, read, row.ThreadID)
	if err != nil {
		if errors.Is(err, store.ErrNotFound) {
			return noTask()
		}
		return err
	}
	t.history = conversation(thread.Values, t.context, history)
	said := conversation(thread.Values, t.context, maxHistory)
	for i := len(said) - 1; row.Ended() && i >= 0 && said[i].agent; i-- {
		t.artifacts = append([]artifact{{said[i].id, said[i].parts}}, t.artifacts...)
	}
	return nil
}

// shown is a task as far as it has come.
func (c *call) shown(ctx context.Context, read access.ThreadScope, row store.Task, history int) (task, error) {
	if row.Ended() {
		return c.whole(ctx, read, row.ID, c.Runs.Stream(ctx, read, row.Run, -1, told()), history)
	}
	t := task{id: row.ID, context: row.ThreadID, status: statusOfRow(&row)}
	return t, c.remember(ctx, read, &row, &t, history)
}

// get answers GetTask and tasks/get.
func (c *call) get(ctx context.Context) (*Answer, error) {
	var in struct {
		ID            string `json:"id"`
		HistoryLength *int   `json:"historyLength"`
	}
	if err := params(c, &in); err != nil {
		return nil, err
	}
	history, err := historyLength(in.HistoryLength)
	if err != nil {
		return nil, err
	}
	read, row, err := c.named(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	t, err := c.shown(ctx, read, row, history)
	if err != nil {
		return nil, err
	}
	return c.result(c.version.task(t))
}

// named asks threads:read and returns the rows of the task with an id.
func (c *call) named(ctx context.Context, id string) (access.ThreadScope, store.Task, error) {
	if id == "" {
		return access.ThreadScope{}, store.Task{}, fail(codeParams, "id is required")
	}
	thread, run, err := taskID(id)
	if err != nil {
		return access.ThreadScope{}, store.Task{}, err
	}
	read, err := c.read(ctx, authhooks.Facts{ThreadID: thread, RunID: run})
	if access.Hidden(err) {
		err = noTask()
	}
	if err != nil {
		return read, store.Task{}, err
	}
	row, err := c.task(ctx, read, thread, run)
	return read, row, err
}

// subscribe answers SubscribeToTask and tasks/resubscribe: what is kept of the task, and what comes.
func (c *call) subscribe(ctx context.Context) (*Answer, error) {
	var in struct {
		ID string `json:"id"`
	}
	if err := params(c, &in); err != nil {
		return nil, err
	}
	read, row, err := c.named(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	s := statusOfRow(&row)
	if terminal(s.state) {
		return nil, fail(codeUnsupported, "the task is %s: nothing comes any more; ask for the task", s.state)
	}
	t := task{id: row.ID, context: row.ThreadID, status: s}
	return &Answer{Stream: c.stream(ctx, read, t, c.Runs.Stream(ctx, read, row.Run, -1, told()))}, nil
}

// cancel answers CancelTask and tasks/cancel.
func (c *call) cancel(ctx context.Context) (*Answer, error) {
	var in struct {
		ID string `json:"id"`
	}
	if err := params(c, &in); err != nil {
		return nil, err
	}
	if in.ID == "" {
		return nil, fail(codeParams, "id is required")
	}
	thread, run, err := taskID(in.ID)
	if err != nil {
		return nil, err
	}
	value := &authhooks.ThreadsUpdate{} // asked before anyone looks, so that its answer tells nothing of the task
	authhooks.SetFacts(value, authhooks.Facts{ThreadID: thread, RunIDs: []string{run}, Cancel: store.CancelInterrupt})
	update, err := c.Guard.Threads(ctx, value)
	if access.Hidden(err) {
		err = noTask()
	}
	if err != nil {
		return nil, err
	}
	read, row, err := c.named(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	switch state := stateOf(&row); {
	case state == stateAsks:
		return nil, fail(codeNotCancel, "the task waits for input, and nothing of it runs that could be cancelled; answer it, or leave it and begin another context")
	case terminal(state):
		return nil, fail(codeNotCancel, "the task is %s: nothing of it runs", state)
	}
	return &Answer{Wait: c.later(c.version.task, func(ctx context.Context) (task, error) {
		return c.cancelled(ctx, update, read, row)
	})}, nil
}

func (c *call) cancelled(ctx context.Context, update, read access.ThreadScope, row store.Task) (task, error) {
	err := c.Runs.Cancel(ctx, update, runs.Cancel{
		ThreadID: row.ThreadID, RunID: row.Run.ID, Action: store.CancelInterrupt, Reason: store.ReasonRequest, Wait: true,
	})
	if errors.Is(err, store.ErrNotFound) {
		return task{}, noTask()
	}
	if err != nil {
		return task{}, err
	}
	if row, err = c.task(ctx, read, row.ThreadID, row.ID); err != nil {
		return task{}, err
	}
	if state := stateOf(&row); state != stateCanceled {
		return task{}, fail(codeNotCancel, "the task is %s: it was faster", state)
	}
	return c.shown(ctx, read, row, maxHistory)
}

// place is where a page of tasks ends, as the caller brings it back.
type place struct {
	At  int64  `json:"at"` // in microseconds
	Run string `json:"run"`
}

func (p place) token() string {
	data, err := json.Marshal(p)
	if err != nil { // a number and a text
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

func placeOf(token string) (*store.TaskPlace, error) {
	if token == "" {
		return nil, nil
	}
	var p place
	data, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(data, &p) != nil || !wire.IsUUID(p.Run) || p.At <= 0 || p.At > 1<<53 {
		return nil, fail(codeParams, "pageToken: no token of this list")
	}
	return &store.TaskPlace{UpdatedAt: time.UnixMicro(p.At), RunID: p.Run}, nil
}
