package api

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// detailLink is the one answer to a link that nobody was given, that is too old, or whose run is gone.
const detailLink = "Feedback link not found"

// maxFeedback is the greatest size of what is sent to a link.
const maxFeedback = 64 << 10

// linking returns the runs, with links for who asks now. A setting says where the server is reached. Without one a link is a path, which
// the reader puts behind the URL that he used: the Host header is his own word, and no proxy has to hand it on. Only who calls this
// machine by its own name, as one does while developing, gets the URL that he has called; the link is for nobody else.
func (s *Server) linking(c *call) *runs.Runs {
	root := strings.TrimSuffix(s.PublicURL, "/")
	if host := c.gin.Request.Host; root == "" && isLoopback(host) {
		root = "http://" + host + strings.TrimSuffix(s.MountPrefix, "/")
	}
	return s.Runs.Linking(root)
}

// isLoopback reports whether a Host header names this machine as only this machine is named.
func isLoopback(hostport string) bool {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return false
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return false
	}
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}

// giveFeedback answers GET and POST of a link, which whoever has it may use again and again: the last word counts.
func (s *Server) giveFeedback(ctx context.Context, c *call) error {
	c.gin.Header("Cache-Control", "no-store")
	c.gin.Header("Referrer-Policy", "no-referrer") // no page that follows is told the link
	if !s.gate.admits(clientIP(c.gin.Request), s.Now()) {
		return &limited{}
	}
	given, err := c.feedback()
	if err != nil {
		return err
	}
	data, err := json.Marshal(given)
	if err != nil {
		return err
	}
	err = store.ErrNotFound
	if hash, ok := runs.FeedbackHash(c.param("token")); ok {
		err = s.DB.Feedback.Give(ctx, access.System("feedback of whoever has the link"), hash, data)
	}
	if err != nil {
		return named(err, detailLink)
	}
	return c.json(http.StatusOK, struct{}{})
}

// feedback reads the body, or the query of a link that is followed.
func (c *call) feedback() (given wire.FeedbackCreate, err error) {
	if c.gin.Request.Method == http.MethodPost {
		return given, bodyOf(c, &given, maxFeedback)
	}
	given.Comment = c.gin.Query("comment")
	for name, into := range map[string]*json.RawMessage{"score": &given.Score, "value": &given.Value, "correction": &given.Correction} {
		if text := c.gin.Query(name); text != "" {
			*into = jsonOrText(text)
		}
	}
	// Once more as a body, which is checked.
	raw, err := json.Marshal(given)
	if err != nil {
		return given, err
	}
	if len(raw) > maxFeedback {
		return given, &http.MaxBytesError{Limit: maxFeedback}
	}
	given = wire.FeedbackCreate{}
	return given, wire.Decode(raw, &given)
}

// jsonOrText takes text for JSON if it is some, else for a string.
func jsonOrText(text string) json.RawMessage {
	if json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return quoted(text)
}

// listFeedback answers GET /threads/{id}/runs/{id}/feedback, newest first.
func (s *Server) listFeedback(ctx context.Context, c *call) error {
	thread, err := c.uuid("thread_id")
	if err != nil {
		return err
	}
	run, err := c.uuid("run_id")
	if err != nil {
		return err
	}
	limit, offset, err := c.window()
	if err != nil {
		return err
	}
	scope, err := s.readThread(ctx, authhooks.Facts{ThreadID: thread, RunID: run})
	if err != nil {
		return err
	}
	rows, total, err := s.DB.Feedback.OfRun(ctx, scope, thread, run, limit, offset)
	if err != nil {
		return named(err, detailRun)
	}
	c.page(offset, len(rows), limit, total)
	return listed(c, rows, wireFeedback, nil)
}

func wireFeedback(row store.FeedbackEntry) (wire.Feedback, error) {
	var given wire.FeedbackCreate
	if err := decode(row.Data, &given); err != nil {
		return wire.Feedback{}, err
	}
	out := wire.Feedback{
		ID: row.ID, RunID: row.RunID, Key: row.Key, Score: given.Score, Value: given.Value, Correction: given.Correction,
		Metadata: given.Metadata, CreatedAt: wire.Time{Time: row.GivenAt}, ModifiedAt: wire.Time{Time: row.UpdatedAt},
	}
	if given.Comment != "" {
		out.Comment = &given.Comment
	}
	return out, nil
}

// limited is the answer to who comes too often.
type limited struct{}

func (*limited) Error() string { return "too many requests" }

func isLimited(err error) bool { return errors.As(err, new(*limited)) }
