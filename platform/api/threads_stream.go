package api

import (
	"context"
	"net/http"
	"net/url"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/wire"
)

// streamThread answers GET /threads/{id}/stream: all runs of the thread, one after the other, until the client leaves (rest.md §4.9).
// Last-Event-ID - is the beginning; without one, the stream begins with the run that is under way, or with the next.
func (s *Server) streamThread(ctx context.Context, c *call) error {
	id, err := c.uuid("thread_id")
	if err != nil {
		return err
	}
	after := runs.FromNow
	if text := c.gin.GetHeader("Last-Event-ID"); text != "" {
		if after, err = lastEventID(text); err != nil {
			return err
		}
	}
	modes, err := c.threadModes()
	if err != nil {
		return err
	}
	read, err := s.readThread(ctx, authhooks.Facts{ThreadID: id})
	if err != nil {
		return err
	}
	if _, err := s.DB.Threads.Get(ctx, read, id); err != nil {
		return named(err, detailThread, id)
	}
	location := url.URL{Path: "/threads/" + id + "/stream"}
	query := url.Values{}
	for _, mode := range modes {
		query.Add("stream_mode", string(mode))
	}
	location.RawQuery = query.Encode()
	c.gin.Header("Location", location.String())
	return c.sse(ctx, s.Runs.StreamThread(ctx, read, id, after, modes))
}

// threadModes reads the modes of a thread's stream. The clients call the parameter stream_mode, its description stream_modes.
func (c *call) threadModes() ([]wire.ThreadStreamMode, error) {
	var modes []wire.ThreadStreamMode
	for _, word := range c.list("stream_mode", "stream_modes") {
		mode := wire.ThreadStreamMode(word)
		if !mode.Valid() {
			return nil, refuse(http.StatusUnprocessableEntity, "stream_mode: no such mode of a thread's stream: %q; want run_modes, lifecycle or state_update", word)
		}
		modes = append(modes, mode)
	}
	return modes, nil
}
