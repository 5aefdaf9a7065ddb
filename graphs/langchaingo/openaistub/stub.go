// Package openaistub is a server that speaks OpenAI's chat completions and says what a test has scripted. It exists so that
// models, graphs and whole servers can be tested over HTTP without a provider. A request that does not ask to stream gets the same
// answer in one piece; Cut, Gate and Raw are for streams.
//
//	stub := openaistub.New(openaistub.Text("Hel", "lo"), openaistub.Call("call_1", "weather", `{"city":`, `"sf"}`))
//	defer stub.Close()
//	model, err := langchaingo.NewOpenAI(langchaingo.OpenAIConfig{BaseURL: stub.URL, Model: "stub"})
package openaistub

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
)

// Server answers one Turn after the other and begins again after the last one.
type Server struct {
	// URL is the base URL: it ends with /v1.
	URL string

	server   *httptest.Server
	mu       sync.Mutex
	turns    []Turn
	next     int
	requests []Request
}

// Turn is one answer.
type Turn struct {
	// Status, when it is neither 0 nor 200, refuses the request with the text of Error.
	Status int
	Deltas []Delta
	// Error is sent as an error object after the deltas.
	Error string
	// Cut ends the connection after the deltas, without finish reason and end marker.
	Cut bool
	// Finish is the finish reason; empty means stop, or tool_calls when there are any.
	Finish string
	// Gate, when not nil, must give one value before each delta and one before the end: a test holds the stream open with it.
	// Closing it lets everything pass.
	Gate <-chan struct{}
	// Answer, when not nil, makes the turn of the request; the other fields are then not used.
	Answer func(Request) Turn
}

// Delta is one event of the stream: text, and pieces of tool calls.
type Delta struct {
	Content   string      `json:"content,omitempty"`
	Reasoning string      `json:"reasoning_content,omitempty"`
	ToolCalls []CallDelta `json:"tool_calls,omitempty"`
	// Raw, when not empty, is sent as the data of the event instead.
	Raw string `json:"-"`
}

// CallDelta is a piece of the tool call Index.
type CallDelta struct {
	Index    int           `json:"index"`
	ID       string        `json:"id,omitempty"`
	Type     string        `json:"type,omitempty"`
	Function FunctionDelta `json:"function"`
}

// FunctionDelta is the function of a CallDelta.
type FunctionDelta struct {
	Name      string `json:"name,omitempty"`
	Arguments string `json:"arguments"`
}

// Request is what a client has sent.
type Request struct {
	Model    string            `json:"model"`
	Stream   bool              `json:"stream"`
	Messages []json.RawMessage `json:"messages"`
	Tools    []json.RawMessage `json:"tools"`
	// Authorization is that header; Raw is the whole body.
	Authorization string          `json:"-"`
	Raw           json.RawMessage `json:"-"`
}

// Text is a turn that says pieces of text.
func Text(pieces ...string) Turn {
	var t Turn
	for _, p := range pieces {
		t.Deltas = append(t.Deltas, Delta{Content: p})
	}
	return t
}

// Call is a turn with one tool call, its arguments in pieces.
func Call(id, name string, args ...string) Turn {
	t := Turn{Deltas: []Delta{Piece(0, id, name, "")}}
	for _, a := range args {
		t.Deltas = append(t.Deltas, Piece(0, "", "", a))
	}
	return t
}

// Piece is a delta of the tool call index.
func Piece(index int, id, name, args string) Delta {
	c := CallDelta{Index: index, ID: id, Function: FunctionDelta{Name: name, Arguments: args}}
	if id != "" {
		c.Type = "function"
	}
	return Delta{ToolCalls: []CallDelta{c}}
}

// New starts a server on loopback. Close it.
func New(turns ...Turn) *Server {
	s := &Server{turns: turns}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", s.complete)
	s.server = httptest.NewServer(mux)
	s.URL = s.server.URL + "/v1"
	return s
}

// Close stops the server; it waits for the requests that are being answered.
func (s *Server) Close() {
	s.server.CloseClientConnections()
	s.server.Close()
}

// Requests returns what was asked so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

func (s *Server) complete(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client is gone
	}
	request := Request{Authorization: r.Header.Get("Authorization"), Raw: body}
	if err := json.Unmarshal(body, &request); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	turn, ok := s.take(request)
	switch {
	case !ok:
		refuse(w, http.StatusInternalServerError, "the script has no turns")
	case turn.Status != 0 && turn.Status != http.StatusOK:
		refuse(w, turn.Status, turn.Error)
	case !request.Stream:
		turn.whole(w, request.Model)
	default:
		turn.play(w, r, request.Model)
	}
}

func (s *Server) take(request Request) (Turn, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, request)
	if len(s.turns) == 0 {
		return Turn{}, false
	}
	turn := s.turns[s.next%len(s.turns)]
	s.next++
	if turn.Answer != nil {
		turn = turn.Answer(request)
	}
	return turn, true
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(errorBody(message)) // a client that is gone needs no error
}

func errorBody(message string) map[string]any {
	return map[string]any{"error": map[string]string{"message": message, "type": "server_error"}}
}

type player struct {
	w     http.ResponseWriter
	flush func() error
	model string
}

func (t Turn) play(w http.ResponseWriter, r *http.Request, model string) {
	w.Header().Set("Content-Type", "text/event-stream")
	p := &player{w: w, flush: http.NewResponseController(w).Flush, model: model}
	if p.flush() != nil {
		return
	}
	finish := t.Finish
	for _, d := range t.Deltas {
		if !t.pass(r) {
			return
		}
		if len(d.ToolCalls) > 0 && finish == "" {
			finish = "tool_calls"
		}
		if d.Raw != "" {
			p.send(d.Raw)
			continue
		}
		p.choice(d, nil)
	}
	if !t.pass(r) {
		return
	}
	if t.Cut {
		panic(http.ErrAbortHandler)
	}
	if t.Error != "" {
		p.json(errorBody(t.Error))
		return
	}
	if finish == "" {
		finish = "stop"
	}
	p.choice(Delta{}, finish)
	p.json(map[string]any{
		"id": "chatcmpl-stub", "object": "chat.completion.chunk", "model": p.model, "choices": []any{},
		"usage": map[string]int{"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13},
	})
	p.send("[DONE]")
}

// pass waits for the gate; false means that the client is gone.
func (t Turn) pass(r *http.Request) bool {
	if t.Gate == nil {
		return true
	}
	select {
	case <-t.Gate:
		return true
	case <-r.Context().Done():
		return false
	}
}

func (p *player) choice(d Delta, finish any) {
	p.json(map[string]any{
		"id": "chatcmpl-stub", "object": "chat.completion.chunk", "model": p.model,
		"choices": []any{map[string]any{"index": 0, "delta": d, "finish_reason": finish}},
	})
}

func (p *player) json(v any) {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and numbers only
	}
	p.send(string(raw))
}

func (p *player) send(data string) {
	_, _ = fmt.Fprintf(p.w, "data: %s\n\n", data) // a client that is gone is seen at the gate
	_ = p.flush()
}
