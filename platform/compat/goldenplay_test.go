package compat

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/locutory/locutory/platform/compat/graphs/auth/security"
)

// scenario is a recording: requests in order, and what the reference answered.
type scenario struct {
	Name      string            `json:"scenario"`
	Symbols   map[string]string `json:"symbols"`
	Exchanges []exchange        `json:"exchanges"`
}

type exchange struct {
	N       int
	Name    string
	Request struct {
		Method, Path string
		Headers      map[string]string
		Body         json.RawMessage
		RawBody      string `json:"raw_body"`
	}
	Response struct {
		Status   int
		Headers  map[string]string
		JSON     any
		Text     string
		SSE      []frame
		ClosedBy string `json:"closed_by"`
	}
	Unstable string
}

// toolID is an id that the reference makes of two others; ours are ids like any.
var toolID = regexp.MustCompile(`run-(M\d+)-tool-tool_call_id`)

func readScenario(t *testing.T, path string) scenario {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw = toolID.ReplaceAll(raw, []byte("$1"))
	var s scenario
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return s
}

// player plays a scenario on a server.
type player struct {
	*server
	*symbols
	events map[string]string // our ids of the last stream's events by those of the recording
	open   []func()          // judge the streams that later requests had to end
	leaves bool              // streams end since their client goes away
}

// play sends one request and tells where our answer differs, at the latest by the end of the scenario.
func (p *player) play(e *exchange, tell func(*exchange, []difference)) {
	p.t.Helper()
	r := p.requestOf(e)
	if e.Response.ClosedBy == "" {
		tell(e, p.judge(e, p.send(r)))
		return
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	p.matches(e.Response.Headers["content-location"], response.Header.Get("Content-Location")) // the run, for those who end it
	begun := p.begin(e, response.Body)
	if p.leaves {
		_ = response.Body.Close()
		tell(e, p.judge(e, answer{response.StatusCode, response.Header, begun}))
		return
	}
	p.open = append(p.open, func() {
		rest, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if err != nil {
			p.t.Errorf("%d %s: %v", e.N, e.Name, err)
		}
		body := slices.Concat(begun, rest)
		tell(e, p.judge(e, answer{response.StatusCode, response.Header, body}))
	})
}

// wait repeats a request until it is answered as it was recorded: what it asks for comes about by itself.
func (p *player) wait(e *exchange, wanted func(*exchange, difference) bool, tell func(*exchange, []difference)) {
	p.t.Helper()
	for begun := time.Now(); ; {
		found := p.judge(e, p.send(p.requestOf(e)))
		if !slices.ContainsFunc(found, func(d difference) bool { return !wanted(e, d) }) || time.Since(begun) > 10*time.Second {
			tell(e, found)
			return
		}
		<-time.After(20 * time.Millisecond)
	}
}

// lookUp binds a symbol to the thread's checkpoint of a step.
func (p *player) lookUp(symbol, path string, step float64) {
	p.t.Helper()
	var history []struct {
		Checkpoint struct {
			ID string `json:"checkpoint_id"`
		}
		Metadata struct{ Step float64 }
	}
	p.must(http.StatusOK, "", http.MethodPost, p.fill(path), "{}").into(p.t, &history)
	for _, state := range history {
		if state.Metadata.Step == step {
			p.bind(symbol, state.Checkpoint.ID)
		}
	}
}

// begin reads the first two events of a stream that stays open: the second says that the run has begun.
func (p *player) begin(e *exchange, body io.Reader) (begun []byte) {
	p.t.Helper()
	one := make([]byte, 1)
	for bytes.Count(begun, []byte("\n\n")) < 2 {
		if _, err := io.ReadFull(body, one); err != nil {
			p.t.Fatalf("%d %s: ended after %q: %v", e.N, e.Name, begun, err)
		}
		begun = append(begun, one[0])
	}
	p.events = map[string]string{}
	for i, f := range frames(begun) {
		p.events[e.Response.SSE[i].ID] = f.ID
	}
	return begun
}

func (p *player) requestOf(e *exchange) *http.Request {
	p.t.Helper()
	r := p.request("", e.Request.Method, p.fill(e.Request.Path), p.fill(string(e.Request.Body)+e.Request.RawBody))
	for key, value := range e.Request.Headers {
		if key == "Authorization" {
			value = authorization(p.t, value)
		}
		if id := p.events[value]; key == "Last-Event-ID" && id != "" {
			value = id
		}
		r.Header.Set(key, p.fill(value))
	}
	if r.ContentLength > 0 && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	return r
}

// judge compares. What an error says is our own; that it is JSON with a detail is the contract's.
func (p *player) judge(e *exchange, a answer) []difference {
	c := &comparer{symbols: p.symbols, seen: map[string]string{}}
	want := e.Response
	if isValidation(want.JSON) {
		want.Status = http.StatusUnprocessableEntity // rest.md §1.3
	}
	if want.Status != a.Status {
		c.differ("status", want.Status, a.Status)
		return c.found
	}
	if custom := strings.HasPrefix(e.Request.Path, "/custom/"); a.Status >= 400 && !custom {
		var said struct{ Detail string }
		if json.Unmarshal(a.Body, &said) != nil || said.Detail == "" {
			c.differ("json/detail", "a text", string(a.Body))
		}
		return c.found
	}
	for key, value := range want.Headers {
		if key == "content-type" && want.SSE == nil && a.Header.Get(key) == "application/json" {
			continue // the reference says text/plain of some JSON
		}
		if got := a.Header.Get(key); !c.matches(value, got) && !strings.HasPrefix(got, value) {
			c.differ("headers/"+key, value, got)
		}
	}
	switch {
	case e.Unstable != "":
	case want.SSE != nil:
		c.streams(want.SSE, frames(a.Body))
		if from := e.Request.Headers["Last-Event-ID"]; from == "" || from == "-1" {
			p.events = c.seen
		}
	case want.JSON != nil || want.Text != "":
		var got any
		if err := json.Unmarshal(a.Body, &got); err != nil {
			got = string(a.Body)
		}
		if want.Text != "" {
			c.compare("text", strings.TrimSpace(want.Text), got)
			break
		}
		c.compare("json", once(want.JSON), got)
	}
	return c.found
}

// once takes the failure of a run out of the text that the reference wraps it in.
func once(want any) any {
	object, _ := want.(map[string]any)
	failure, _ := object["__error__"].(map[string]any)
	text, _ := failure["message"].(string)
	var inner map[string]any
	if json.Unmarshal([]byte(text), &inner) != nil {
		return want
	}
	return map[string]any{"__error__": inner}
}

func isValidation(body any) bool {
	object, _ := body.(map[string]any)
	return object["success"] == false && object["error"] != nil
}

// frames reads a stream.
func frames(body []byte) (out []frame) {
	for _, block := range bytes.Split(body, []byte("\n\n")) {
		var f frame
		for line := range bytes.Lines(block) {
			field, value, _ := strings.Cut(strings.TrimRight(string(line), "\n"), ": ")
			switch field {
			case "event":
				f.Event = value
			case "id":
				f.ID = value
			case "data":
				if json.Unmarshal([]byte(value), &f.Data) != nil {
					f.Data = value
				}
			}
		}
		if f.Event != "" {
			out = append(out, f)
		}
	}
	return out
}

var label = regexp.MustCompile(`<jwt sub=(\w+)(?: scopes=([\w:*,]*))?>`)

// authorization makes the token that a label of a recording describes.
func authorization(t testing.TB, recorded string) string {
	t.Helper()
	secret, claims := security.Secret, jwt.MapClaims{"sub": "johndoe", "scopes": []string{}, "exp": time.Now().Add(time.Hour).Unix()}
	found := label.FindStringSubmatch(recorded)
	switch {
	case found != nil:
		claims["sub"], claims["scopes"] = found[1], slices.DeleteFunc(strings.Split(found[2], ","), func(s string) bool { return s == "" })
	case strings.Contains(recorded, "wrong signature"):
		secret = strings.Repeat("x", len(secret))
	case strings.Contains(recorded, "expired"):
		claims["exp"] = time.Now().Add(-time.Hour).Unix()
	default:
		return recorded
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(secret))
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + token
}
