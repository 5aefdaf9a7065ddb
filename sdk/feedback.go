package sdk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Feedback returns the links that a run with RunCreate.FeedbackKeys tells at its end, by their keys; false for other events. Each is a
// secret: whoever has it may say something of the run, see [Runs.GiveFeedback], and nothing else.
func (e Event) Feedback() (map[string]string, bool) {
	var links map[string]string
	if e.Name != "feedback" || json.Unmarshal(e.Data, &links) != nil {
		return nil, false
	}
	return links, true
}

// linksIn reads the links of a wait's answer.
func linksIn(body []byte) map[string]string {
	// Most answers have none, and states are large.
	if !bytes.Contains(body, []byte(`"__feedback__"`)) {
		return nil
	}
	var answer struct {
		Links map[string]string `json:"__feedback__"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return nil
	}
	return answer.Links
}

// GiveFeedback says something of a run by one of its links: one of [Event.Feedback] or Result.Feedback. It sends no credentials, for the
// link is one; what the link was used for before is replaced. A link that is too old, or whose run is gone, is a 404.
// It is POST /feedback/tokens/{token}, a route of Locutory alone.
func (r *Runs) GiveFeedback(ctx context.Context, link string, in FeedbackCreate) error {
	if strings.HasPrefix(link, "/") { // a server that does not know where it is reached tells paths
		link = r.client.base.String() + link
	}
	target, err := url.Parse(link)
	if err != nil {
		return fmt.Errorf("sdk: the link of a feedback key: %w", err)
	}
	if !target.IsAbs() {
		return errors.New("sdk: the link of a feedback key: want a URL, or a path that begins with /")
	}
	request, err := r.client.request(ctx, http.MethodPost, "", in)
	if err != nil {
		return err
	}
	request.URL = target
	request.Host = ""
	request.Header = http.Header{"Content-Type": {"application/json"}, "User-Agent": {r.client.header.Get("User-Agent")}}
	client := *r.client.short
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := send(&client, request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// FeedbackList is a page of feedback.
type FeedbackList struct {
	Limit  int // 0 is the server's default, 10
	Offset int
}

// Feedback returns what was said of a run, newest first. Whoever may read the thread may read it.
// It is GET /threads/{thread_id}/runs/{run_id}/feedback, a route of Locutory alone.
func (r *Runs) Feedback(ctx context.Context, threadID, runID string, in FeedbackList) ([]Feedback, error) {
	path, err := route("/threads/%s/runs/%s/feedback", threadID, runID)
	if err != nil {
		return nil, err
	}
	var list []Feedback
	err = r.client.call(ctx, http.MethodGet, path+"?"+window(in.Limit, in.Offset).Encode(), nil, &list)
	return list, err
}
