package openapi

import (
	"net/http"

	"github.com/google/jsonschema-go/jsonschema"
)

// rpcSchemas are the messages of JSON-RPC 2.0, as far as MCP and A2A have them in common.
func rpcSchemas() map[string]*jsonschema.Schema {
	version := &jsonschema.Schema{Type: "string", Enum: []any{"2.0"}}
	id := &jsonschema.Schema{Types: []string{"string", "integer", "null"}}
	never := &jsonschema.Schema{Not: &jsonschema.Schema{}}
	failure := &jsonschema.Schema{
		Type: "object", Required: []string{"code", "message"}, AdditionalProperties: never,
		Properties: map[string]*jsonschema.Schema{"code": {Type: "integer"}, "message": text(), "data": {}},
	}
	return map[string]*jsonschema.Schema{
		"RPCRequest": {
			Type: "object", Description: "A message of JSON-RPC 2.0.", Required: []string{"jsonrpc"}, PropertyOrder: []string{"jsonrpc", "id", "method", "params"},
			Properties: map[string]*jsonschema.Schema{"jsonrpc": version, "id": {Types: []string{"string", "number", "null"}}, "method": text(), "params": {}},
		},
		"RPCResult": {
			Type: "object", Description: "What a method came to.", Required: []string{"jsonrpc", "id", "result"}, AdditionalProperties: never,
			Properties: map[string]*jsonschema.Schema{"jsonrpc": version.CloneSchemas(), "id": id, "result": {}},
		},
		"RPCFailure": {
			Type: "object", Description: "Why a method failed. Without id, or with null, when that of the request is not known.", Required: []string{"jsonrpc", "error"}, AdditionalProperties: never,
			Properties: map[string]*jsonschema.Schema{"jsonrpc": version.CloneSchemas(), "id": id.CloneSchemas(), "error": failure},
		},
	}
}

func rpcAnswer() *jsonschema.Schema { return anyOf(ref("RPCResult"), ref("RPCFailure")) }

func agentOperations() []Operation {
	message := func() *Body {
		return &Body{Says: "One message; batches are not served.", Required: true, schema: ref("RPCRequest")}
	}
	const noAssistant = "There is no such assistant."
	card := gives("The card.", object())
	out := []Operation{
		{
			Route: "POST /a2a/:assistant_id", ID: "callAgent", Does: "Talk to an assistant by the Agent2Agent protocol", RPC: true, Lenient: true,
			Note: "JSON-RPC 2.0, with the methods of versions 1.0 and 0.3. Methods that stream answer with server-sent events.",
			Parameters: []Parameter{
				{Name: "Accept", In: "header", Says: "application/json, or text/event-stream for a method that streams.", Required: true, Schema: text()},
				header("A2A-Version", "The version of the protocol.", text()),
			},
			Body: message(),
			Answers: []Answer{
				{Status: http.StatusOK, Says: "What the method came to.", Content: asJSON, schema: rpcAnswer(), Streams: true},
				refuses(http.StatusNotFound, noAssistant),
			},
		},
		{
			Route: "GET /a2a/:assistant_id/.well-known/agent-card.json", ID: "getAgentCard", Does: "Get the card of an assistant", Lenient: true,
			Answers: []Answer{card, refuses(http.StatusNotFound, noAssistant)},
		},
		{
			Route: "GET /.well-known/agent-card.json", ID: "findAgentCard", Does: "Get the card of an assistant, by query",
			Parameters: []Parameter{{Name: "assistant_id", In: "query", Says: "An assistant's id, or a graph's.", Required: true, Schema: text()}},
			Answers:    []Answer{card, refuses(http.StatusNotFound, noAssistant)},
		},
	}
	for _, slash := range []string{"", "/"} {
		named := ""
		if slash != "" {
			named = "Slash"
		}
		out = append(out,
			Operation{
				Route: "POST /mcp" + slash, ID: "callTools" + named, Does: "Talk to assistants as tools of the Model Context Protocol", RPC: true,
				Note: "Streamable HTTP without sessions: initialize, ping, tools/list and tools/call; server/discover since version 2026-07-28.",
				Parameters: []Parameter{
					{Name: "Accept", In: "header", Says: "application/json and text/event-stream, both.", Required: true, Schema: text()},
					header("Mcp-Protocol-Version", "The version of the protocol.", text()),
				},
				Body: message(),
				Answers: []Answer{
					gives("What the method came to.", rpcAnswer()), nothing(http.StatusAccepted, "A notification was taken."),
					{Status: http.StatusNotFound, Says: "There is no such method, or nothing here for the caller.", Content: asJSON, schema: failed(true)},
					{Status: http.StatusUnsupportedMediaType, Says: "The body is not said to be JSON.", Content: asJSON, schema: failed(true)},
				},
			},
			Operation{
				Route: "GET /mcp" + slash, ID: "listenToTools" + named, Does: "Ask for the server's own messages, of which there are none",
				Answers: []Answer{refuses(http.StatusMethodNotAllowed, "Always.")},
			},
			Operation{
				Route: "DELETE /mcp" + slash, ID: "endTools" + named, Does: "End a session, of which there are none",
				Answers: []Answer{refuses(http.StatusNotFound, "Always.")},
			},
		)
	}
	return out
}
