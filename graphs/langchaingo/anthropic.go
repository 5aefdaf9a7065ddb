package langchaingo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
)

// AnthropicClient is what anthropic.WithHTTPClient is to be given, for two faults of langchaingo's client of Anthropic. That leaves a
// goroutine behind for ever when its reader has stopped and the stream then ends by an error or goes on, as it does after an error
// that is told within the stream: with this one such a stream just ends. And it does not send on which tool has to be called: this one
// adds that to the request.
//
//	anthropic.New(anthropic.WithHTTPClient(&langchaingo.AnthropicClient{}))
type AnthropicClient struct {
	// Client is nil for http.DefaultClient.
	Client *http.Client
}

// Do implements the interface of langchaingo's client.
func (c *AnthropicClient) Do(r *http.Request) (*http.Response, error) {
	client := c.Client
	if client == nil {
		client = http.DefaultClient
	}
	r, err := withToolChoice(r)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(r)
	if err == nil && answer.StatusCode == http.StatusOK {
		answer.Body = &quietBody{body: answer.Body}
	}
	return answer, err
}

type toolChoiceKey struct{}

// toolChoice puts a request's choice of tools, as the messages API has it, where AnthropicClient finds it.
func toolChoice(ctx context.Context, choice string) context.Context {
	var value map[string]string
	switch choice {
	case "":
		return ctx
	case "auto", "none":
		value = map[string]string{"type": choice}
	case "required":
		value = map[string]string{"type": "any"}
	default:
		value = map[string]string{"type": "tool", "name": choice}
	}
	return context.WithValue(ctx, toolChoiceKey{}, value)
}

func withToolChoice(r *http.Request) (*http.Request, error) {
	choice := r.Context().Value(toolChoiceKey{})
	if choice == nil || r.Body == nil {
		return r, nil
	}
	var body map[string]json.RawMessage
	err := json.NewDecoder(r.Body).Decode(&body)
	if err = errors.Join(err, r.Body.Close()); err != nil {
		return nil, fmt.Errorf("tool choice: %w", err)
	}
	if body["tools"] == nil {
		choice = nil // the API takes none without tools
	}
	if choice != nil {
		if body["tool_choice"], err = json.Marshal(choice); err != nil {
			return nil, fmt.Errorf("tool choice: %w", err)
		}
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("tool choice: %w", err)
	}
	changed := r.Clone(r.Context())
	changed.ContentLength = int64(len(raw))
	changed.Body = io.NopCloser(bytes.NewReader(raw))
	changed.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil }
	return changed, nil
}

// quietBody ends after the line that tells of an error, and when it is closed.
type quietBody struct {
	body   io.ReadCloser
	closed atomic.Bool
	failed bool
	line   []byte // of which the end has not come
}

func (b *quietBody) Close() error {
	b.closed.Store(true)
	return b.body.Close()
}

func (b *quietBody) Read(p []byte) (int, error) {
	if b.failed || b.closed.Load() {
		return 0, io.EOF
	}
	n, err := b.body.Read(p)
	for at, c := range p[:n] {
		if c != '\n' {
			b.line = append(b.line, c)
			continue
		}
		b.failed = isErrorEvent(b.line)
		b.line = b.line[:0]
		if b.failed {
			return at + 1, nil
		}
	}
	if err != nil && b.closed.Load() {
		err = io.EOF
	}
	return n, err
}

func isErrorEvent(line []byte) bool {
	data, ok := bytes.CutPrefix(line, []byte("data:"))
	if !ok || !bytes.Contains(data, []byte(`"error"`)) {
		return false
	}
	var event struct {
		Type string `json:"type"`
	}
	return json.Unmarshal(data, &event) == nil && event.Type == "error"
}
