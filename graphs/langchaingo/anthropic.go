package langchaingo

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"sync/atomic"
)

// AnthropicClient is what anthropic.WithHTTPClient is to be given: langchaingo's client of Anthropic leaves a goroutine behind for ever
// when its reader has stopped and the stream then ends by an error or goes on, as it does after an error that is told within the
// stream. With this one such a stream just ends.
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
	answer, err := client.Do(r)
	if err == nil && answer.StatusCode == http.StatusOK {
		answer.Body = &quietBody{body: answer.Body}
	}
	return answer, err
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
