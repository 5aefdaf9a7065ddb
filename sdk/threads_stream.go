package sdk

import (
	"context"
	"iter"
	"net/http"
	"net/url"
)

// ThreadJoin says what a thread's stream shows, and from where.
type ThreadJoin struct {
	Modes []ThreadStreamMode // default ThreadRunModes
	// LastEventID: events after this one; "-" is from the beginning; "" is the run that is under way, and what comes.
	LastEventID string
}

// Stream yields what happens on a thread, run after run, until the loop is left or ctx is done: it has no end of its own. A run that
// fails is an event named error, and the stream goes on. Event.Run names the run. An error is the last thing it yields; a connection
// that breaks is resumed up to five times in a row.
// It is GET /threads/{thread_id}/stream (rest.md §4.9).
func (t *Threads) Stream(ctx context.Context, threadID string, in ThreadJoin) iter.Seq2[Event, error] {
	s := &stream{connection: connection{client: t.client, run: RunRef{ThreadID: threadID}}, whole: true, lastID: in.LastEventID}
	s.newRequest = func(ctx context.Context) (*http.Request, error) {
		path, err := route("/threads/%s/stream", threadID)
		if err != nil {
			return nil, err
		}
		query := url.Values{}
		for _, mode := range in.Modes {
			query.Add("stream_mode", string(mode))
		}
		if len(query) > 0 {
			path += "?" + query.Encode()
		}
		request, err := t.client.request(ctx, http.MethodGet, path, nil)
		if err != nil {
			return nil, err
		}
		s.location = request.URL.String()
		s.anonymous = in.LastEventID == ""
		return request, nil
	}
	return s.events(ctx)
}
