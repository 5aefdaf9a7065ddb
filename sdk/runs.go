package sdk

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Runs are executions of assistants.
type Runs struct{ client *Client }

// Stateless in place of a thread's id runs without a thread: nothing of it is kept. An empty id is an error,
// so that a forgotten one does not lose a conversation.
const Stateless = "stateless"

// RunRef names a run. ThreadID is "" for a stateless one.
type RunRef struct{ ThreadID, RunID string }

// parseRunRef reads a Content-Location: /threads/{thread_id}/runs/{run_id}, or /runs/{run_id}.
func parseRunRef(location string) (RunRef, bool) {
	before, runID, found := strings.Cut(location, "/runs/")
	if !found || runID == "" || strings.Contains(runID, "/") {
		return RunRef{}, false
	}
	_, threadID, _ := strings.Cut(before, "/threads/")
	return RunRef{ThreadID: threadID, RunID: runID}, true
}

// RunOption is an option of [Runs.Stream] and [Runs.Wait].
type RunOption func(*connection)

// OnRun calls f once, as soon as the server has named the run: to cancel or join it from elsewhere.
func OnRun(f func(RunRef)) RunOption { return func(c *connection) { c.onRun = f } }

// threadRoute is a route with the thread's id first, or without any for [Stateless].
func threadRoute(threadID, format string, ids ...string) (string, error) {
	switch threadID {
	case "":
		return "", errors.New("sdk: the thread's id is empty; sdk.Stateless runs without a thread")
	case Stateless:
		return route(format, ids...)
	}
	return route("/threads/%s"+format, append([]string{threadID}, ids...)...)
}

// Create starts a run and returns at once. Assistant is the id of an assistant or of a graph.
// It is POST /threads/{thread_id}/runs, or for [Stateless] POST /runs (rest.md §5.2).
func (r *Runs) Create(ctx context.Context, threadID, assistant string, in RunCreate) (*Run, error) {
	path, err := threadRoute(threadID, "/runs")
	if err != nil {
		return nil, err
	}
	in.AssistantID = assistant
	return fetch[Run](ctx, r.client, http.MethodPost, path, in)
}

// Stream starts a run when the loop over it begins, and yields its events; the stream is for one loop. It ends
// without an error when the run has ended or paused. An error is the last thing it yields: a [*RunError] if the
// run failed, an [*Error] if the server refused. A connection that breaks is resumed up to five times in a row.
// Breaking out ends the stream, not the run, unless OnDisconnect says so.
// It is POST /threads/{thread_id}/runs/stream, or for [Stateless] POST /runs/stream (rest.md §5.2).
func (r *Runs) Stream(ctx context.Context, threadID, assistant string, in RunCreate, options ...RunOption) iter.Seq2[Event, error] {
	in.AssistantID = assistant
	s := r.newStream(threadID, options)
	s.newRequest = func(ctx context.Context) (*http.Request, error) {
		path, err := threadRoute(threadID, "/runs/stream")
		if err != nil {
			return nil, err
		}
		return r.client.request(ctx, http.MethodPost, path, in)
	}
	return s.events(ctx)
}

func (r *Runs) newStream(threadID string, options []RunOption) *stream {
	s := &stream{connection: connection{client: r.client}}
	if threadID != Stateless {
		s.run.ThreadID = threadID
	}
	for _, option := range options {
		option(&s.connection)
	}
	return s
}

// StreamJoin says how to join a run's stream.
type StreamJoin struct {
	LastEventID        string // events after this one; "-1" is from the start; "" is from now on
	CancelOnDisconnect bool
}

// JoinStream yields the events of a run that is there already, like [Runs.Stream].
// It is GET /threads/{thread_id}/runs/{run_id}/stream (rest.md §5.1).
func (r *Runs) JoinStream(ctx context.Context, threadID, runID string, in StreamJoin) iter.Seq2[Event, error] {
	s := r.newStream(threadID, nil)
	s.run.RunID = runID
	s.lastID = in.LastEventID
	s.newRequest = func(ctx context.Context) (*http.Request, error) {
		path, err := threadRoute(threadID, "/runs/%s/stream", runID)
		if err != nil {
			return nil, err
		}
		// Joining again is harmless, so this URL is where to go on if the server names no other.
		request, err := r.client.request(ctx, http.MethodGet, path+"?cancel_on_disconnect="+strconv.FormatBool(in.CancelOnDisconnect), nil)
		if err != nil {
			return nil, err
		}
		s.location = request.URL.String()
		s.anonymous = in.LastEventID == ""
		return request, nil
	}
	return s.events(ctx)
}

// Get returns a run.
// It is GET /threads/{thread_id}/runs/{run_id} (rest.md §5.1).
func (r *Runs) Get(ctx context.Context, threadID, runID string) (*Run, error) {
	return fetchAt[Run](ctx, r.client, http.MethodGet, nil, "/threads/%s/runs/%s", threadID, runID)
}

// RunList picks runs of a thread.
type RunList struct {
	Status RunStatus
	Limit  int // 0 is the server's default, 10
	Offset int
	Select []string // names of fields; the others are zero
}

func (l RunList) query() string {
	query := window(l.Limit, l.Offset)
	if l.Status != "" {
		query.Set("status", string(l.Status))
	}
	if len(l.Select) > 0 {
		query["select"] = l.Select
	}
	return query.Encode()
}

// List returns runs of a thread, newest first.
// It is GET /threads/{thread_id}/runs (rest.md §5.1).
func (r *Runs) List(ctx context.Context, threadID string, in RunList) ([]Run, error) {
	path, err := route("/threads/%s/runs", threadID)
	if err != nil {
		return nil, err
	}
	var runs []Run
	err = r.client.call(ctx, http.MethodGet, path+"?"+in.query(), nil, &runs)
	return runs, err
}

// RunCancel says how to cancel a run.
type RunCancel struct {
	Action CancelAction // default CancelInterrupt
	Wait   bool         // return when the run has ended
}

// Cancel stops a run. With [CancelRollback] it is gone afterwards, with its checkpoints.
// It is POST /threads/{thread_id}/runs/{run_id}/cancel (rest.md §5.8).
func (r *Runs) Cancel(ctx context.Context, threadID, runID string, in RunCancel) error {
	path, err := route("/threads/%s/runs/%s/cancel", threadID, runID)
	if err != nil {
		return err
	}
	if in.Action == "" {
		in.Action = CancelInterrupt
	}
	client, wait := r.client.short, "0"
	if in.Wait {
		client, wait = r.client.long, "1"
	}
	query := url.Values{"wait": {wait}, "action": {string(in.Action)}}
	_, err = r.client.exchange(ctx, client, http.MethodPost, path+"?"+query.Encode(), nil, nil)
	return err
}

// CreateBatch starts stateless runs, in their order, all or none. Each names its assistant itself: RunCreate.AssistantID.
// It is POST /runs/batch (rest.md §5.1).
func (r *Runs) CreateBatch(ctx context.Context, in []RunCreate) ([]Run, error) {
	var runs []Run
	err := r.client.call(ctx, http.MethodPost, "/runs/batch", in, &runs)
	return runs, err
}

// CancelMany stops several runs: all of a status, or those named.
// It is POST /runs/cancel (rest.md §5.8).
func (r *Runs) CancelMany(ctx context.Context, in BulkCancel, action CancelAction) error {
	if action == "" {
		action = CancelInterrupt
	}
	query := url.Values{"action": {string(action)}}
	return r.client.call(ctx, http.MethodPost, "/runs/cancel?"+query.Encode(), in, nil)
}

// Delete removes a run that has ended, with its checkpoints.
// It is DELETE /threads/{thread_id}/runs/{run_id} (rest.md §5.1).
func (r *Runs) Delete(ctx context.Context, threadID, runID string) error {
	path, err := route("/threads/%s/runs/%s", threadID, runID)
	if err != nil {
		return err
	}
	return r.client.call(ctx, http.MethodDelete, path, nil, nil)
}
