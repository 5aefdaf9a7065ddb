package mcp

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"

	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/wire"
)

// Message is one JSON-RPC message of a client.
type Message struct {
	header  http.Header // what of the request's the protocol knows
	request *jsonrpc.Request
	// Configurable are settings of the operator's for the run that a call makes.
	Configurable wire.Object
}

// Read reads what a client has posted: one message, no batch. The error is a [*runs.Refusal] or a [*wire.BodyError].
func Read(header http.Header, body []byte) (*Message, error) {
	accept := header.Values("Accept")
	if !wire.Accepts(accept, "application/json") || !wire.Accepts(accept, "text/event-stream") {
		return nil, refuse("Accept: want application/json and text/event-stream, got %q", header.Get("Accept"))
	}
	var raw json.RawMessage
	if err := wire.Decode(body, &raw); err != nil {
		return nil, err
	}
	if len(raw) == 0 || raw[0] != '{' {
		return nil, refuse("the body has to be one JSON-RPC message; batches are not served")
	}
	decoded, err := jsonrpc.DecodeMessage(raw)
	if err != nil {
		return nil, refuse("no JSON-RPC message: %v", err)
	}
	m := &Message{header: http.Header{}, request: &jsonrpc.Request{}}
	if request, ok := decoded.(*jsonrpc.Request); ok { // a response is taken for a notification: nobody has asked
		if err := exactID(raw); err != nil {
			return nil, err
		}
		m.request = request
	}
	for name, values := range header {
		if strings.HasPrefix(name, "Mcp-") || slices.Contains([]string{"Accept", "Content-Type", "Last-Event-Id"}, name) {
			m.header[name] = values
		}
	}
	return m, nil
}

func refuse(format string, args ...any) error {
	return &runs.Refusal{Status: http.StatusBadRequest, Detail: fmt.Sprintf(format, args...)}
}

// exactID refuses an id that the answer could not give back as it is: the client would wait for ever.
func exactID(raw json.RawMessage) error {
	const most = 1 << 53
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return err
	}
	id := fields["id"]
	if len(id) == 0 || id[0] == '"' || string(id) == "null" {
		return nil
	}
	var n int64
	if err := json.Unmarshal(id, &n); err != nil || n > most || n < -most {
		return refuse("id: want a string, or an integer of at most 2^53")
	}
	return nil
}

func (m *Message) known() bool { return slices.Contains(Methods(), m.request.Method) }

// tool is the name of the tool that is called.
func (m *Message) tool() string {
	var params struct {
		Name string `json:"name"`
	}
	_ = json.Unmarshal(m.request.Params, &params) // other shapes are the SDK's to refuse
	return params.Name
}

// context is what stands beside the arguments of a call, nil when nothing does.
func (m *Message) context() json.RawMessage {
	var params map[string]json.RawMessage
	_ = json.Unmarshal(m.request.Params, &params) // other shapes are the SDK's to refuse
	if string(params[contextArgument]) == "null" {
		return nil
	}
	return params[contextArgument]
}
