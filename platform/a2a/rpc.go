package a2a

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/locutory/locutory/platform/wire"
)

// The codes of errors: those of JSON-RPC, and those of the protocol.
const (
	codeParse    = -32700
	codeRequest  = -32600
	codeNoMethod = -32601
	codeParams   = -32602

	codeNoTask      = -32001
	codeNotCancel   = -32002
	codeNoPush      = -32003
	codeUnsupported = -32004
	codeNoVersion   = -32009
)

// rpcRequest is a request of JSON-RPC.
type rpcRequest struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
}

// maxID is how long the id of a request may be: it comes back with each message of a stream.
const maxID = 256

// read decodes a body. The id is kept only if it can be answered with.
func (r *rpcRequest) read(body []byte) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return fail(codeParse, "the body is empty; want a request of JSON-RPC")
	}
	var in rpcRequest
	if err := wire.Decode(body, &in); err != nil {
		var wrong *wire.BodyError
		if errors.As(err, &wrong) && wrong.Malformed {
			return fail(codeParse, "%s", err)
		}
		return fail(codeRequest, "%s", err)
	}
	id := bytes.TrimSpace(in.ID)
	switch {
	case len(id) == 0:
		return fail(codeRequest, "id: want a string or a number; a request without an id has no answer")
	case len(id) > maxID:
		return fail(codeRequest, "id: want at most %d bytes", maxID)
	case id[0] == '{' || id[0] == '[' || id[0] == 't' || id[0] == 'f':
		return fail(codeRequest, "id: want a string or a number")
	}
	r.ID = id
	if in.JSONRPC != "2.0" {
		return fail(codeRequest, `jsonrpc: want "2.0"`)
	}
	if params := bytes.TrimSpace(in.Params); given(params) && params[0] != '{' {
		return fail(codeParams, "params: want an object")
	}
	r.Method, r.Params = in.Method, in.Params
	return nil
}

// rpcError is an error that the protocol has a code for.
type rpcError struct {
	code   int
	detail string
}

func (e *rpcError) Error() string { return e.detail }

func fail(code int, format string, args ...any) error {
	return &rpcError{code, fmt.Sprintf(format, args...)}
}

// status is that of HTTP: what is no request at all is 400 (rest.md §8.3).
func (e *rpcError) status() int {
	if e.code == codeParse || e.code == codeRequest {
		return http.StatusBadRequest
	}
	return http.StatusOK
}

// reasons name the protocol's own errors for machines, in version 1.0.
func (e *rpcError) reason() string {
	return map[int]string{
		codeNoTask: "TASK_NOT_FOUND", codeNotCancel: "TASK_NOT_CANCELABLE", codeNoPush: "PUSH_NOTIFICATION_NOT_SUPPORTED",
		codeUnsupported: "UNSUPPORTED_OPERATION", codeNoVersion: "VERSION_NOT_SUPPORTED",
	}[e.code]
}

// noTask is the answer for what is not there, and for what is somebody else's.
func noTask() error { return fail(codeNoTask, "Task not found") }

type rpcAnswer struct {
	JSONRPC string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Result  any             `json:"result,omitempty"`
	Error   *rpcFailure     `json:"error,omitempty"`
}

type rpcFailure struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    []any  `json:"data,omitempty"`
}

func (c *call) succeeded(result any) ([]byte, error) {
	data, err := json.Marshal(rpcAnswer{JSONRPC: "2.0", ID: c.rpc.ID, Result: result})
	if err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return data, nil
}

func (c *call) failed(e *rpcError) []byte {
	out := rpcAnswer{JSONRPC: "2.0", ID: c.rpc.ID, Error: &rpcFailure{Code: e.code, Message: e.detail}}
	if reason := e.reason(); reason != "" && c.version != v03 {
		out.Error.Data = []any{map[string]any{
			"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "a2a-protocol.org",
		}}
	}
	data, err := json.Marshal(out)
	if err != nil { // the id is JSON, as it was read, and the rest is text
		panic(err)
	}
	return data
}

// accepts checks that the caller takes what the method answers with.
func accepts(header []string, streams bool) error {
	want, all := "application/json", "application/*"
	if streams {
		want, all = "text/event-stream", "text/*"
	}
	if wire.Accepts(header, want, all, "*/*") {
		return nil
	}
	return fail(codeRequest, "Accept: want %s", want)
}

// supported checks the header A2A-Version. None says nothing: the method's name does.
func supported(text string) error {
	text = strings.TrimSpace(text)
	for _, v := range []string{"1.0", "0.3"} {
		if text == "" || text == v || strings.HasPrefix(text, v+".") {
			return nil
		}
	}
	return fail(codeNoVersion, "A2A-Version: want 1.0 or 0.3")
}
