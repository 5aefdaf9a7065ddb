package api

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/events"
	v1 "github.com/locutory/locutory/platform/events/v1"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

const detailRun = "Run not found"

// newRun creates the run that a request asks for; a path without thread makes a stateless one. The hooks are asked by package runs,
// which every other way to a run goes through as well.
func newRun[R any](ctx context.Context, c *call, in *wire.RunCreate, create func(runs.CreateRequest) (R, error)) (R, error) {
	given, err := c.server.configurable(ctx, c.gin.Request)
	if err != nil {
		return *new(R), err
	}
	thread, err := c.threadID()
	if err != nil {
		return *new(R), err
	}
	run, err := create(runs.CreateRequest{ThreadID: thread, RequestID: c.requestID, Body: *in, Configurable: given})
	return run, named(err, detailThread, thread)
}

// runPath returns the path of a run under the API's root, without mount prefix: clients put it behind their base URL. A run
// of the stateless routes stays under /runs, where its thread is not named.
func (c *call) runPath(run store.Run, more string) string {
	if c.param("thread_id") == "" {
		return "/runs/" + run.ID + more
	}
	return "/threads/" + run.ThreadID + "/runs/" + run.ID + more
}

// createRun answers POST /threads/{id}/runs and POST /runs: the run goes on in the background.
func (s *Server) createRun(ctx context.Context, c *call) error {
	var in wire.RunCreate
	if err := body(c, &in); err != nil {
		return err
	}
	run, err := newRun(ctx, c, &in, func(r runs.CreateRequest) (store.Run, error) { return s.Runs.Create(ctx, r) })
	if err != nil {
		return err
	}
	c.gin.Header("Content-Location", c.runPath(run, ""))
	return c.runRow(run)
}

// streamRun answers POST …/runs/stream.
func (s *Server) streamRun(ctx context.Context, c *call) error {
	return s.startRun(ctx, c, func(read access.ThreadScope, run *runs.Started, in *wire.RunCreate) error {
		c.gin.Header("Location", c.runPath(run.Run, "/stream"))
		options := v1.Options{Modes: in.StreamMode.OrValues(), Subgraphs: in.StreamSubgraphs}
		return c.sse(ctx, run.Stream(ctx, read, options))
	})
}

// waitRun answers POST …/runs/wait with the run's final values (rest.md §5.7).
func (s *Server) waitRun(ctx context.Context, c *call) error {
	return s.startRun(ctx, c, func(read access.ThreadScope, run *runs.Started, _ *wire.RunCreate) error {
		c.gin.Header("Location", c.runPath(run.Run, "/join"))
		return c.slowly(ctx, func(ctx context.Context) ([]byte, error) { return run.Wait(ctx, read) })
	})
}

// startRun asks for what the answer will need before the run exists, creates it, and cancels it when its client leaves and
// asked for that.
func (s *Server) startRun(ctx context.Context, c *call, follow func(access.ThreadScope, *runs.Started, *wire.RunCreate) error) error {
	var in wire.RunCreate
	if err := body(c, &in); err != nil {
		return err
	}
	thread, err := c.threadID()
	if err != nil {
		return err
	}
	read, err := s.readThread(ctx, authhooks.Facts{ThreadID: thread})
	hidden := thread != "" && access.Hidden(err)
	if err != nil && !hidden {
		return err
	}
	var cancel access.ThreadScope
	if in.OnDisconnect == wire.OnDisconnectCancel {
		if cancel, err = s.cancelScope(ctx, thread, nil, wire.CancelInterrupt); err != nil {
			return err
		}
	}
	run, err := newRun(ctx, c, &in, func(r runs.CreateRequest) (*runs.Started, error) {
		r.Hidden = hidden
		return s.linking(c).Start(ctx, r)
	})
	if err != nil {
		return err
	}
	defer run.Close()
	c.gin.Header("Content-Location", c.runPath(run.Run, ""))
	err = follow(read, run, &in)
	if in.OnDisconnect == wire.OnDisconnectCancel {
		s.cancelLeft(ctx, cancel, run.Run, err)
	}
	return err
}

// cancelScope asks threads:update for a cancel.
func (s *Server) cancelScope(ctx context.Context, thread string, ids []string, action wire.CancelAction) (access.ThreadScope, error) {
	value := &authhooks.ThreadsUpdate{}
	authhooks.SetFacts(value, authhooks.Facts{ThreadID: thread, RunIDs: ids, Cancel: string(action)})
	return s.Guard.Threads(ctx, value)
}

// cancelLeft cancels a run whose client has gone. That the server stops or fails, that the client is slow, and that its credential
// runs out is not its going.
func (s *Server) cancelLeft(ctx context.Context, scope access.ThreadScope, run store.Run, left error) {
	if !errors.Is(left, errGone) && !errors.Is(left, context.Canceled) || s.closing.Err() != nil {
		return
	}
	if err := s.Runs.Leave(ctx, scope, run); err != nil {
		s.Log.WarnContext(ctx, "cancel after disconnect failed", "run_id", run.ID, "error", err)
	}
}

// foundRun returns the run that the path names, under the scope's filter on its thread: a run of another thread, of another
// user or of nobody is the same 404 (H-11, H-55).
func (s *Server) foundRun(ctx context.Context, c *call, ask func(thread, run string) (access.ThreadScope, error)) (access.ThreadScope, store.Run, error) {
	thread, err := c.threadID()
	if err != nil {
		return access.ThreadScope{}, store.Run{}, err
	}
	id, err := c.uuid("run_id")
	if err != nil {
		return access.ThreadScope{}, store.Run{}, err
	}
	scope, err := ask(thread, id)
	if err != nil {
		return access.ThreadScope{}, store.Run{}, err
	}
	var run store.Run
	if thread == "" {
		run, err = s.DB.Runs.ByID(ctx, scope, id)
	} else {
		run, err = s.DB.Runs.Get(ctx, scope, thread, id)
	}
	return scope, run, named(err, detailRun)
}

func (s *Server) readRun(ctx context.Context, c *call) (access.ThreadScope, store.Run, error) {
	return s.foundRun(ctx, c, func(thread, run string) (access.ThreadScope, error) {
		return s.readThread(ctx, authhooks.Facts{ThreadID: thread, RunID: run})
	})
}

// joinStream answers GET …/runs/{id}/stream: what came after Last-Event-ID, then live.
func (s *Server) joinStream(ctx context.Context, c *call) error {
	return s.joined(ctx, c, func(read access.ThreadScope, run store.Run) error {
		after, err := lastEventID(c.gin.GetHeader("Last-Event-ID"))
		if err != nil {
			return err
		}
		options, err := s.joinOptions(c, run)
		if err != nil {
			return err
		}
		c.place(run, "/stream")
		return c.sse(ctx, s.linking(c).Stream(ctx, read, run, after, options))
	})
}

// joinRun answers GET …/runs/{id}/join with the run's final values.
func (s *Server) joinRun(ctx context.Context, c *call) error {
	return s.joined(ctx, c, func(read access.ThreadScope, run store.Run) error {
		c.place(run, "/join")
		return c.slowly(ctx, func(ctx context.Context) ([]byte, error) { return s.linking(c).Wait(ctx, read, run) })
	})
}

// place says in the headers of an answer which run it follows, and where to come back to.
func (c *call) place(run store.Run, more string) {
	c.gin.Header("Content-Location", c.runPath(run, ""))
	c.gin.Header("Location", c.runPath(run, more))
}

func (s *Server) joined(ctx context.Context, c *call, follow func(access.ThreadScope, store.Run) error) error {
	leaving, err := c.flag("cancel_on_disconnect")
	if err != nil {
		return err
	}
	read, run, err := s.readRun(ctx, c)
	if err != nil {
		return err
	}
	var cancel access.ThreadScope
	if leaving {
		if cancel, err = s.cancelScope(ctx, run.ThreadID, []string{run.ID}, wire.CancelInterrupt); err != nil {
			return err
		}
	}
	err = follow(read, run)
	if leaving {
		s.cancelLeft(ctx, cancel, run, err)
	}
	return err
}

// lastEventID reads the header of that name: -1 and - mean from the beginning, and so does none.
func lastEventID(text string) (int64, error) {
	if text == "" || text == "-" {
		return -1, nil
	}
	id, err := events.ParseID(text)
	if err != nil {
		return 0, refuse(http.StatusUnprocessableEntity, "Last-Event-ID: %q is no id of this stream; -1 is its beginning", text)
	}
	return id, nil
}

// joinOptions are the run's own stream modes, or those that the query asks for out of them.
func (s *Server) joinOptions(c *call, run store.Run) (v1.Options, error) {
	options, err := runs.StreamOptions(run)
	if err != nil {
		return v1.Options{}, err
	}
	asked := c.list("stream_mode", "stream_modes")
	if len(asked) == 0 {
		return options, nil
	}
	options.Modes = nil
	for _, word := range asked {
		mode := wire.StreamMode(word)
		if !v1.Supported(mode) {
			return v1.Options{}, refuse(http.StatusUnprocessableEntity, "stream_mode: no such mode: %q", word)
		}
		if !slices.Contains(options.Modes, mode) {
			options.Modes = append(options.Modes, mode)
		}
	}
	return options, nil
}

// listRuns answers GET /threads/{id}/runs, newest first.
func (s *Server) listRuns(ctx context.Context, c *call) error {
	thread, err := c.uuid("thread_id")
	if err != nil {
		return err
	}
	limit, offset, err := c.window()
	if err != nil {
		return err
	}
	status := wire.RunStatus(c.gin.Query("status"))
	if status != "" && !status.Valid() {
		return refuse(http.StatusUnprocessableEntity, "status: no such run status: %q", status)
	}
	fields := c.list("select")
	for _, name := range fields {
		if !slices.Contains(wire.RunFields(), name) {
			return refuse(http.StatusUnprocessableEntity, "select: a run has no field %q", name)
		}
	}
	metadata, err := c.object("metadata")
	if err != nil {
		return err
	}
	scope, err := s.readThread(ctx, authhooks.Facts{ThreadID: thread})
	if err != nil {
		return err
	}
	rows, total, err := s.DB.Runs.List(ctx, scope, thread, store.RunQuery{Limit: limit, Offset: offset, Status: string(status), Metadata: metadata})
	if err != nil {
		return named(err, detailThread, thread)
	}
	c.page(offset, len(rows), limit, total)
	return listed(c, rows, wireRun, fields)
}

// getRun answers GET /threads/{id}/runs/{id}.
func (s *Server) getRun(ctx context.Context, c *call) error {
	_, run, err := s.readRun(ctx, c)
	if err != nil {
		return err
	}
	return c.runRow(run)
}

// deleteRun answers DELETE /threads/{id}/runs/{id}: the run goes with its checkpoints.
func (s *Server) deleteRun(ctx context.Context, c *call) error {
	thread, err := c.uuid("thread_id")
	if err != nil {
		return err
	}
	id, err := c.uuid("run_id")
	if err != nil {
		return err
	}
	value := &authhooks.ThreadsDelete{}
	authhooks.SetFacts(value, authhooks.Facts{ThreadID: thread, RunID: id})
	scope, err := s.Guard.Threads(ctx, value)
	if err != nil {
		return err
	}
	if err := s.DB.Runs.Delete(ctx, scope, thread, id); err != nil {
		return named(err, detailRun)
	}
	return c.empty(http.StatusNoContent)
}

// cancelRun answers POST …/cancel: 202 at once, or 204 when the run has ended.
func (s *Server) cancelRun(ctx context.Context, c *call) error {
	thread, err := c.uuid("thread_id")
	if err != nil {
		return err
	}
	id, err := c.uuid("run_id")
	if err != nil {
		return err
	}
	action, err := c.action()
	if err != nil {
		return err
	}
	wait, err := c.flag("wait")
	if err != nil {
		return err
	}
	scope, err := s.cancelScope(ctx, thread, []string{id}, action)
	if err != nil {
		return err
	}
	err = s.Runs.Cancel(ctx, scope, runs.Cancel{
		ThreadID: thread, RunID: id, Action: string(action), Reason: store.ReasonRequest, Wait: wait,
	})
	if err != nil {
		return named(err, detailRun)
	}
	if wait {
		c.gin.Header("Location", "/threads/"+thread+"/runs/"+id+"/join")
		return c.empty(http.StatusNoContent)
	}
	return c.empty(http.StatusAccepted)
}

func (c *call) runRow(row store.Run) error {
	run, err := wireRun(row)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, run)
}

func wireRun(row store.Run) (wire.Run, error) {
	run := wire.Run{
		RunID: row.ID, ThreadID: row.ThreadID, AssistantID: row.AssistantID, Status: wire.RunStatus(row.Status), Kwargs: row.Kwargs,
		MultitaskStrategy: wire.MultitaskStrategy(row.Strategy),
		CreatedAt:         wire.Time{Time: row.CreatedAt}, UpdatedAt: wire.Time{Time: row.UpdatedAt},
	}
	if row.Status == store.RunInterrupted { // one that had ended before it was stopped was not cancelled
		run.CancelReason = row.CancelReason
	}
	return run, decode(row.Metadata, &run.Metadata)
}
