package mcp

import (
	"errors"
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
)

// Answer is what a client gets.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// recorder is an Answer that the SDK writes.
type recorder struct{ Answer }

func (r *recorder) Header() http.Header { return r.Answer.Header }

func (r *recorder) WriteHeader(status int) {
	if r.Status == 0 {
		r.Status = status
	}
}

func (r *recorder) Write(data []byte) (int, error) {
	r.WriteHeader(http.StatusOK)
	r.Body = append(r.Body, data...)
	return len(data), nil
}

// codeForbidden is what JSON-RPC leaves to servers.
const codeForbidden = -32003

// sessionless is the first version of the protocol whose errors have HTTP statuses of their own.
const sessionless = "2026-07-28"

// unknown answers a call of a method that is not served.
func (m *Message) unknown() (Answer, error) {
	a := Answer{Status: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}}
	if m.header.Get("Mcp-Protocol-Version") >= sessionless {
		a.Status = http.StatusNotFound
	}
	var err error
	a.Body, err = m.failed(jsonrpc.CodeMethodNotFound, "method not found")
	return a, err
}

// errNoID says that a message has no id that an answer could name.
var errNoID = errors.New("the message has no id")

// Failure is the body for an error that has the HTTP status. Without an id in the message there is none: JSON-RPC cannot say it then.
func (m *Message) Failure(status int, detail string) ([]byte, error) {
	if !m.request.IsCall() {
		return nil, errNoID
	}
	code := int64(jsonrpc.CodeInvalidRequest)
	switch {
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		code = codeForbidden
	case status >= http.StatusInternalServerError:
		code = jsonrpc.CodeInternalError
	}
	return m.failed(code, detail)
}

func (m *Message) failed(code int64, text string) ([]byte, error) {
	return jsonrpc.EncodeMessage(&jsonrpc.Response{ID: m.request.ID, Error: &jsonrpc.Error{Code: code, Message: text}})
}
