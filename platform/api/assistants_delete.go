package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// deleteAssistant answers DELETE /assistants/{id}. Runs and threads of others stay (H-12): of the caller's own, unfinished runs are
// stopped, and threads go with the assistant when the request says so.
func (s *Server) deleteAssistant(ctx context.Context, c *call) error {
	id, err := s.assistantParam(c)
	if err != nil {
		return err
	}
	withThreads, err := c.flag("delete_threads")
	if err != nil {
		return err
	}
	value := &authhooks.AssistantsDelete{}
	authhooks.SetFacts(value, authhooks.Facts{AssistantID: id, DeleteThreads: withThreads})
	scope, err := s.Guard.Assistants(ctx, value)
	if err != nil {
		return err
	}
	stop, err := s.stopsRuns(ctx, id)
	if err != nil {
		return err
	}
	forget, err := s.deletesCrons(ctx, id)
	if err != nil {
		return err
	}
	if !withThreads {
		if err := s.DB.Assistants.Delete(ctx, scope, id); err != nil {
			return named(err, detailAssistant)
		}
	} else {
		threads, err := s.Guard.Threads(ctx, &authhooks.ThreadsDelete{})
		if err != nil {
			return err
		}
		if _, err := s.DB.Assistants.DeleteWithThreads(ctx, scope, threads, id); err != nil {
			return named(err, detailAssistant)
		}
	}
	if err := errors.Join(stop(ctx), forget(ctx)); err != nil { // the assistant is gone: no answer but success would be true
		s.Log.WarnContext(ctx, "stop the runs and crons of a deleted assistant", "assistant_id", id, "error", err)
	}
	return c.empty(http.StatusNoContent)
}

// stopsRuns asks whether the caller may cancel, and returns what then cancels the unfinished runs of an assistant that are the caller's.
// Whoever may not cancel leaves them running: they are bound to their graph by now.
func (s *Server) stopsRuns(ctx context.Context, assistant string) (func(context.Context) error, error) {
	update, err := s.cancelScope(ctx, "", nil, wire.CancelInterrupt)
	var search access.ThreadScope
	if err == nil {
		search, err = s.Guard.Threads(ctx, &authhooks.ThreadsSearch{})
	}
	var denied *authhooks.Error
	if errors.As(err, &denied) && denied.Status < http.StatusInternalServerError || err == nil && !update.Ruled() {
		return func(context.Context) error { return nil }, nil
	}
	return func(ctx context.Context) error {
		_, err := s.Runs.CancelAll(ctx, update, search, store.Cancels{AssistantID: assistant, Action: store.CancelInterrupt, Reason: store.ReasonAssistant})
		return err
	}, err
}
