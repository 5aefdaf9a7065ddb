package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// createBatch answers POST /runs/batch: stateless runs, all or none, in the order of the body.
func (s *Server) createBatch(ctx context.Context, c *call) error {
	raw, err := c.read()
	if err != nil {
		return err
	}
	var in wire.RunBatch
	if err := wire.Decode(raw, &in); err != nil {
		return err
	}
	unknown, err := unknownOfBatch(raw)
	if err != nil {
		return err
	}
	c.ignores(unknown)
	given, err := s.configurable(ctx, c.gin.Request)
	if err != nil {
		return err
	}
	requests := make([]runs.CreateRequest, len(in))
	for i, one := range in {
		requests[i] = runs.CreateRequest{Body: one, RequestID: c.requestID, Configurable: given}
	}
	rows, err := s.Runs.CreateAll(ctx, requests)
	if err != nil {
		return err
	}
	return listed(c, rows, wireRun, nil)
}

// unknownOfBatch returns the fields of all requests that nobody knows, each once.
func unknownOfBatch(raw []byte) (all []string, err error) {
	var bodies []json.RawMessage
	if err := json.Unmarshal(raw, &bodies); err != nil {
		return nil, err
	}
	for _, body := range bodies {
		unknown, err := wire.UnknownFields[wire.RunCreate](body)
		if err != nil {
			return nil, err
		}
		all = append(all, unknown...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}

// cancelRuns answers POST /runs/cancel: the named runs of a thread, all or none, or all of a status that the caller may cancel.
func (s *Server) cancelRuns(ctx context.Context, c *call) error {
	action, err := c.action()
	if err != nil {
		return err
	}
	var in wire.BulkCancel
	if err := body(c, &in); err != nil {
		return err
	}
	if in.Status == "" {
		in.ThreadID, in.RunIDs = strings.ToLower(in.ThreadID), lowered(in.RunIDs)
		scope, err := s.cancelScope(ctx, in.ThreadID, in.RunIDs, action)
		if err != nil {
			return err
		}
		if err := s.Runs.CancelSome(ctx, scope, in.ThreadID, in.RunIDs, string(action)); err != nil {
			return named(err, detailRun)
		}
		return c.empty(http.StatusNoContent)
	}
	update, search, metadata, err := s.cancelScopes(ctx, in.Status, action)
	if err != nil {
		return err
	}
	q := store.Cancels{Action: string(action), Metadata: metadata}
	if in.Status != wire.CancelAll {
		q.Status = string(in.Status)
	}
	n, err := s.Runs.CancelAll(ctx, update, search, q)
	if err != nil {
		return err
	}
	if n == 0 {
		return refuse(http.StatusNotFound, detailRun)
	}
	return c.empty(http.StatusNoContent)
}

// cancelScopes asks for a cancel of runs that nobody has named. The threads must pass the filter of threads:update, and that of
// threads:search too, which every handler knows to be about many rows. A server with hooks of which none has a word to say about this
// cancels nothing (H-36).
func (s *Server) cancelScopes(ctx context.Context, status wire.CancelStatus, action wire.CancelAction) (update, search access.ThreadScope, metadata []byte, err error) {
	value := &authhooks.ThreadsUpdate{}
	authhooks.SetFacts(value, authhooks.Facts{Status: string(status), Cancel: string(action)})
	if update, err = s.Guard.Threads(ctx, value); err != nil {
		return update, search, nil, err
	}
	if !update.Ruled() {
		return update, search, nil, refuse(http.StatusForbidden, "no handler for threads:update; without one, runs are cancelled by id only")
	}
	all := &authhooks.ThreadsSearch{}
	if search, err = s.Guard.Threads(ctx, all); err != nil {
		return update, search, nil, err
	}
	if len(all.Values) > 0 {
		return update, search, nil, errors.New("a handler of threads:search asks for values, which a cancel by status cannot heed")
	}
	metadata, err = containment(all.Metadata)
	return update, search, metadata, err
}

// action reads what a cancel is to leave behind.
func (c *call) action() (wire.CancelAction, error) {
	text := c.gin.Query("action")
	if text == "" {
		return wire.CancelInterrupt, nil
	}
	action := wire.CancelAction(text)
	if !action.Valid() {
		return "", refuse(http.StatusUnprocessableEntity, "action: want interrupt or rollback, got %q", text)
	}
	return action, nil
}
