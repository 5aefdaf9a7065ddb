package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// call is a tools/call.
type call struct {
	name      string
	arguments json.RawMessage
	context   json.RawMessage // beside the arguments
	requestID string
	// configurable are settings beside those of the call.
	configurable wire.Object
	begun        func()
}

// unknown is the answer for a tool that is not there, and for one that the caller may not see.
func (c call) unknown() error {
	return &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: fmt.Sprintf("unknown tool %q", c.name)}
}

// call answers tools/call: it makes a stateless run as POST /runs/wait does, and waits for it. What the model behind the client may
// mend or should know (a wrong argument, a run that failed) is a result; what concerns the client is an error.
func (s *Server) call(ctx context.Context, c call) (*sdk.CallToolResult, error) {
	all, err := s.visible(ctx, like(c.name))
	if err != nil {
		return nil, err
	}
	assistant, ok := called(c.name, all)
	if !ok {
		return nil, c.unknown()
	}
	body, err := s.body(ctx, assistant, c)
	if err != nil {
		return wrong(err.Error()), nil
	}
	read, err := s.Guard.Threads(ctx, &authhooks.ThreadsRead{})
	if err != nil {
		return nil, err
	}
	cancel, err := s.mayCancel(ctx)
	if err != nil {
		return nil, err
	}
	run, err := s.Runs.Start(ctx, runs.CreateRequest{Body: body, RequestID: c.requestID, Configurable: c.configurable})
	var refused *runs.Refusal
	switch {
	case errors.As(err, &refused) && refused.Status == http.StatusNotFound:
		return nil, c.unknown() // it may be searched for and not read, or it has just been deleted
	case errors.As(err, &refused):
		return wrong(refused.Detail), nil
	case err != nil:
		return nil, err
	}
	defer run.Close()
	c.begun()
	end, err := run.Outcome(ctx, read)
	if err != nil {
		s.abandon(ctx, cancel, run.Run)
		return nil, err
	}
	return result(end)
}

// body makes a run's request out of a call's arguments: all of them are its input, but for the context.
func (s *Server) body(ctx context.Context, a store.Assistant, c call) (wire.RunCreate, error) {
	body := wire.RunCreate{AssistantID: a.ID, Input: json.RawMessage("{}")}
	var arguments map[string]json.RawMessage
	if len(c.arguments) > 0 {
		if err := json.Unmarshal(c.arguments, &arguments); err != nil {
			return body, errors.New("arguments: want an object")
		}
	}
	settings := c.context
	if inner, ok := arguments[contextArgument]; ok && len(settings) == 0 && !s.takesContext(ctx, a) {
		settings = inner
		delete(arguments, contextArgument)
	}
	if len(settings) > 0 {
		if err := json.Unmarshal(settings, &body.Context); err != nil {
			return body, errors.New("context: want an object")
		}
	}
	if len(arguments) == 0 {
		return body, nil
	}
	var err error
	body.Input, err = json.Marshal(arguments)
	return body, err
}

// mayCancel asks whether the caller may cancel the run, which his going away does. Who may not leaves it to its end: that is why the
// answer is nil and no error.
func (s *Server) mayCancel(ctx context.Context) (*access.ThreadScope, error) {
	value := &authhooks.ThreadsUpdate{}
	authhooks.SetFacts(value, authhooks.Facts{Cancel: store.CancelInterrupt})
	scope, err := s.Guard.Threads(ctx, value)
	var told *authhooks.Error
	if errors.As(err, &told) && told.Status < http.StatusInternalServerError {
		return nil, nil
	}
	return &scope, err
}

// abandon cancels a run whose result nobody can get any more: there is no way back to it for a client of this protocol.
func (s *Server) abandon(ctx context.Context, scope *access.ThreadScope, run store.Run) {
	if scope == nil {
		return
	}
	if err := s.Runs.Leave(ctx, *scope, run); err != nil {
		s.Log.WarnContext(ctx, "cancel of an abandoned tool call failed", "run_id", run.ID, "error", err)
	}
}
