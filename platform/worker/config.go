package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// config merges the assistant's, the thread's and the run's settings, the later over the earlier, and the server's own over all
// (rest.md §5.5).
func (x *execution) config(user *authhooks.User) (graphs.Config, error) {
	c := x.claimed
	var assistant, thread wire.Config
	base, metadata := wire.Object{}, wire.Object{}
	if err := errors.Join(
		decode("config of the assistant", c.Assistant.Config, &assistant), decode("config of the thread", c.Thread.Config, &thread),
		decode("context of the assistant", c.Assistant.Context, &base), decode("metadata of the run", c.Run.Metadata, &metadata),
	); err != nil {
		return graphs.Config{}, err
	}
	cfg := graphs.Config{
		ThreadID: c.Run.ThreadID, RunID: c.Run.ID, AssistantID: c.Run.AssistantID, GraphID: c.Assistant.GraphID,
		Attempt: c.Attempt, User: user, Now: x.Now, Durability: graphs.Durability(x.kwargs.Durability),
		InterruptBefore: x.kwargs.InterruptBefore, InterruptAfter: x.kwargs.InterruptAfter, Messages: speaks(c.Run.Modes),
		Trace: slices.Contains(c.Run.Modes, string(wire.StreamEvents)),
	}
	if x.Items != nil {
		request, _ := x.kwargs.Config.Configurable["langgraph_request_id"].(string)
		cfg.Store = x.Items.For(access.Caller{
			User: user, Origin: authhooks.OriginWorker, Transport: authhooks.TransportInternal, RequestID: request,
		})
	}
	settings := wire.Object{}
	for _, from := range []wire.Config{assistant, thread, x.kwargs.Config} {
		for key, value := range from.Configurable {
			if !access.Reserved(key) {
				settings[key] = value
			}
		}
		if from.Tags != nil {
			cfg.Tags = from.Tags
		}
		if from.RecursionLimit != 0 {
			cfg.RecursionLimit = from.RecursionLimit
		}
		if from.MaxConcurrency != 0 {
			cfg.MaxConcurrency = from.MaxConcurrency
		}
	}
	if id, ok := x.kwargs.Config.Configurable["graph_id"].(string); ok && cfg.GraphID == "" {
		cfg.GraphID = id // the assistant was deleted since
	}
	x.place(&cfg, settings)
	x.identify(settings, user, &cfg)
	maps.Copy(metadata, x.kinship(&cfg))
	merged := wire.Object{}
	maps.Copy(merged, base)
	maps.Copy(merged, x.kwargs.Context)
	return cfg, x.encode(&cfg, settings, merged, metadata)
}

// place takes the checkpoint that the run starts from out of its own settings; one that stuck to an assistant or a thread is none.
func (x *execution) place(cfg *graphs.Config, settings wire.Object) {
	own := x.kwargs.Config.Configurable
	for _, key := range []string{"checkpoint_id", "checkpoint_ns", "checkpoint_map"} {
		if _, ok := own[key]; !ok {
			delete(settings, key)
		}
	}
	if x.claimed.Thread.Temporary {
		return // a stateless run has no checkpoint to go back to
	}
	cfg.CheckpointID, _ = own["checkpoint_id"].(string)
	cfg.CheckpointNS, _ = own["checkpoint_ns"].(string)
	inner, _ := own["checkpoint_map"].(map[string]any)
	for ns, id := range inner {
		if text, ok := id.(string); ok {
			if cfg.CheckpointMap == nil {
				cfg.CheckpointMap = map[string]string{}
			}
			cfg.CheckpointMap[ns] = text
		}
	}
}

// identify sets what only the server may say. Secrets of the user are in none of it: the graph finds them in the runtime.
func (x *execution) identify(settings wire.Object, user *authhooks.User, cfg *graphs.Config) {
	settings["run_id"], settings["thread_id"] = cfg.RunID, cfg.ThreadID
	settings["graph_id"], settings["assistant_id"] = cfg.GraphID, cfg.AssistantID
	if id, ok := x.kwargs.Config.Configurable["langgraph_request_id"].(string); ok {
		settings["langgraph_request_id"] = id // set by the server when the run was made
	}
	if user == nil {
		return
	}
	permissions := user.Permissions
	if permissions == nil {
		permissions = []string{}
	}
	settings["user_id"], settings["langgraph_auth_user_id"] = user.Identity, user.Identity
	settings["langgraph_auth_permissions"] = permissions
	all := map[string]any{}
	maps.Copy(all, user.Extra)
	name := user.DisplayName
	if name == "" {
		name = user.Identity
	}
	all["identity"], all["display_name"], all["permissions"], all["is_authenticated"] = user.Identity, name, permissions, true
	if user.Tenant != "" {
		all["tenant"] = user.Tenant
	}
	settings["langgraph_auth_user"] = all
}

// kinship is the metadata that the server adds to every run's.
func (x *execution) kinship(cfg *graphs.Config) wire.Object {
	return wire.Object{
		"graph_id": cfg.GraphID, "assistant_id": cfg.AssistantID,
		"langgraph_version": x.Version, "langgraph_plan": "developer", "langgraph_host": "self-hosted",
	}
}

func (x *execution) encode(cfg *graphs.Config, settings, merged, metadata wire.Object) (err error) {
	if cfg.Configurable, err = members(settings); err != nil {
		return fmt.Errorf("configurable: %w", err)
	}
	if cfg.Metadata, err = members(metadata); err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	if len(merged) > 0 {
		if cfg.Context, err = json.Marshal(merged); err != nil {
			return fmt.Errorf("context: %w", err)
		}
	}
	return nil
}

func members(object wire.Object) (map[string]json.RawMessage, error) {
	out := make(map[string]json.RawMessage, len(object))
	for key, value := range object {
		raw, err := json.Marshal(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", key, err)
		}
		out[key] = raw
	}
	return out, nil
}

func decode(what string, data store.JSON, into any) error {
	if len(data) == 0 {
		return nil
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// speaks reports whether a reader wants messages while they are made.
func speaks(modes []string) bool {
	for _, mode := range modes {
		switch wire.StreamMode(mode) {
		case wire.StreamMessages, wire.StreamMessagesTuple, wire.StreamEvents:
			return true
		}
	}
	return false
}

// input is what the run begins with: a command wins over input (rest.md §5.2).
func (x *execution) input() (graphs.Input, error) {
	command := x.kwargs.Command
	if command == nil {
		if x.kwargs.Input == nil {
			return graphs.Input{}, nil
		}
		return graphs.Input{Value: x.kwargs.Input}, nil
	}
	in, err := runs.InputCommand(command)
	if err != nil {
		return graphs.Input{}, err
	}
	return graphs.Input{Command: in}, nil
}
