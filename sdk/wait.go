package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Result is how a run ended.
type Result struct {
	Run        RunRef
	Values     json.RawMessage // the final state, with __interrupt__ if the graph paused
	Interrupts []Interrupt     // the questions of a graph that paused
	// Feedback are the links of RunCreate.FeedbackKeys by their keys, each a secret; see [Runs.GiveFeedback].
	Feedback map[string]string
}

// Wait starts a run, waits until it has ended or paused, and reads its final state into out, unless out is nil.
// A run that failed is a [*RunError]. A connection that breaks is resumed up to five times in a row.
// It is POST /threads/{thread_id}/runs/wait, or for [Stateless] POST /runs/wait (rest.md §5.7).
func (r *Runs) Wait(ctx context.Context, threadID, assistant string, in RunCreate, out any, options ...RunOption) (*Result, error) {
	path, err := threadRoute(threadID, "/runs/wait")
	if err != nil {
		return nil, err
	}
	in.AssistantID = assistant
	request, err := r.client.request(ctx, http.MethodPost, path, in)
	if err != nil {
		return nil, err
	}
	wait := &r.newStream(threadID, options).connection
	return wait.result(ctx, request, out)
}

// Join waits until a run has ended, like [Runs.Wait]. One of [Stateless] can be joined for minutes after its end.
// It is GET /threads/{thread_id}/runs/{run_id}/join (rest.md §5.7).
func (r *Runs) Join(ctx context.Context, threadID, runID string, out any) (*Result, error) {
	path, err := threadRoute(threadID, "/runs/%s/join", runID)
	if err != nil {
		return nil, err
	}
	request, err := r.client.request(ctx, http.MethodGet, path, nil)
	if err != nil {
		return nil, err
	}
	join := &r.newStream(threadID, nil).connection
	join.run.RunID, join.location = runID, request.URL.String() // joining again is harmless
	return join.result(ctx, request, out)
}

// result reads the one JSON document of a wait, over as many connections as it takes.
func (c *connection) result(ctx context.Context, request *http.Request, out any) (*Result, error) {
	response, err := c.open(request)
	for {
		var body []byte
		if err == nil {
			body, err = document(response)
		}
		if err == nil {
			return c.decode(body, out)
		}
		if err := c.pause(ctx, err); err != nil {
			return nil, err
		}
		response, err = c.reopen(ctx, nil)
	}
}

// document reads and closes an answer: newlines that keep the connection alive, then JSON.
func document(response *http.Response) ([]byte, error) {
	defer func() { _ = response.Body.Close() }()
	body, err := readAll(response.Body)
	if errors.Is(err, ErrTooLarge) {
		return nil, err
	}
	if err != nil {
		return nil, &brokenError{err}
	}
	body = bytes.TrimSpace(body)
	if !json.Valid(body) {
		// Behind some proxies a cut connection looks like a clean end.
		return nil, &brokenError{io.ErrUnexpectedEOF}
	}
	return body, nil
}

func (c *connection) decode(body []byte, out any) (*Result, error) {
	if bytes.Contains(body, []byte(`"__error__"`)) {
		var failed map[string]json.RawMessage
		if json.Unmarshal(body, &failed) == nil && failed["__error__"] != nil {
			return nil, runError(failed["__error__"], c.run)
		}
	}
	if out != nil {
		if err := json.Unmarshal(body, out); err != nil {
			return nil, fmt.Errorf("sdk: the state of run %s: %w", c.run.RunID, err)
		}
	}
	return &Result{Run: c.run, Values: body, Interrupts: interruptsIn("values", body), Feedback: linksIn(body)}, nil
}
