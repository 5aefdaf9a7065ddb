package runs

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"time"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// DetailBothKinds is told to whoever sends settings of the old and of the new kind at once (rest.md §1.3).
const DetailBothKinds = "Cannot specify both configurable and context. Prefer setting context alone. Context was introduced in LangGraph 0.6.0 and is the long term planned replacement for configurable."

// maxDelay is the longest after_seconds, so that a time fits.
const maxDelay = 100 * 365 * 24 * time.Hour

// check refuses what the contract names and this server does not do, and what contradicts itself. It drops what clients may not say.
func (c *creation) check() error {
	b := &c.body
	switch {
	case len(b.FeedbackKeys) > 0 && c.temporary():
		return refuse(http.StatusUnprocessableEntity,
			"feedback_keys: the thread of this run goes away with it, and what is said of it would, too; run on a thread, or with on_completion: keep")
	case b.LangsmithTracer != nil && *b.LangsmithTracer != (wire.LangsmithTracer{}):
		return unsupported("langsmith_tracer")
	case math.IsNaN(b.AfterSeconds) || b.AfterSeconds > maxDelay.Seconds():
		return refuse(http.StatusUnprocessableEntity, "after_seconds: want at most %.0f", maxDelay.Seconds())
	}
	if err := errors.Join(c.checkThread(), c.checkWebhook()); err != nil {
		return err
	}
	c.resumeAsNode()
	b.Config.Configurable = sanitized(b.Config.Configurable)
	b.Context = sanitized(b.Context)
	if len(Settings(b.Config.Configurable)) > 0 && len(b.Context) > 0 {
		return refuse(http.StatusBadRequest, DetailBothKinds)
	}
	return c.checkpoint()
}

func unsupported(field string) error {
	return refuse(http.StatusUnprocessableEntity, "%s is not supported yet", field)
}

// checkThread sees that no id in the body contradicts the URL (H-19). A stateless run has no thread that a body could name.
func (c *creation) checkThread() error {
	named := map[string]any{"config.configurable.thread_id": c.body.Config.Configurable["thread_id"]}
	if c.body.Checkpoint != nil && c.body.Checkpoint.ThreadID != "" {
		named["checkpoint.thread_id"] = c.body.Checkpoint.ThreadID
	}
	for field, id := range named {
		if id != nil && id != "" && !c.stateless && id != c.thread {
			return refuse(http.StatusUnprocessableEntity, "%s is not the thread of the URL", field)
		}
	}
	return nil
}

// checkWebhook holds the URL that is told of the run's end against the operator's policy.
func (c *creation) checkWebhook() error {
	switch {
	case c.body.Webhook == "":
		return nil
	case c.Webhooks == nil:
		return refuse(http.StatusUnprocessableEntity, "webhook: webhooks are disabled on this server")
	}
	if err := c.Webhooks.Check(string(c.body.Webhook)); err != nil {
		return refuse(http.StatusUnprocessableEntity, "webhook: %s", err)
	}
	return nil
}

// checkpoint puts the checkpoint to start from where the execution looks for it: checkpoint wins over checkpoint_id, and both over
// config.configurable (rest.md §5.2). A stateless run has none. It belongs to this run alone (§5.5).
func (c *creation) checkpoint() error {
	settings := c.body.Config.Configurable
	from, err := placeOf(settings)
	if err != nil {
		return err
	}
	for _, key := range []string{"thread_id", "checkpoint_id", "checkpoint_ns", "checkpoint_map"} {
		delete(settings, key)
	}
	if id := c.body.CheckpointID; id != "" {
		from.CheckpointID = id
	}
	if named := c.body.Checkpoint; named != nil && (named.CheckpointID != "" || named.CheckpointNS != "" || len(named.CheckpointMap) > 0) {
		from = *named
	}
	if c.stateless {
		return nil
	}
	if from.CheckpointID != "" {
		settings["checkpoint_id"] = from.CheckpointID
	}
	if from.CheckpointNS == "" {
		return nil // what the map says of the root is the id
	}
	settings["checkpoint_ns"] = from.CheckpointNS
	if len(from.CheckpointMap) > 0 {
		outer := map[string]any{}
		for ns, id := range from.CheckpointMap {
			outer[ns] = id
		}
		settings["checkpoint_map"] = outer
	}
	return nil
}

// placeOf reads the checkpoint of a configurable; nulls are absent.
func placeOf(settings wire.Object) (at wire.CheckpointConfig, err error) {
	for key, into := range map[string]any{
		"checkpoint_id": &at.CheckpointID, "checkpoint_ns": &at.CheckpointNS, "checkpoint_map": &at.CheckpointMap,
	} {
		raw, err := json.Marshal(settings[key])
		if err != nil {
			return at, fmt.Errorf("%s: %w", key, err)
		}
		if err := json.Unmarshal(raw, into); err != nil {
			want := "a string"
			if key == "checkpoint_map" {
				want = "an object of strings"
			}
			return at, refuse(http.StatusUnprocessableEntity, "config.configurable.%s: want %s", key, want)
		}
	}
	return at, nil
}

// facts are what a handler of threads:create_run may read.
func (c *creation) facts() (authhooks.Facts, error) {
	b := &c.body
	f := authhooks.Facts{
		RunID: c.runID, AssistantID: c.assistant, Status: store.RunPending, Input: b.Input, Temporary: c.temporary(),
		IfNotExists: string(b.IfNotExists), MultitaskStrategy: string(b.MultitaskStrategy), AfterSeconds: b.AfterSeconds,
		PreventInsertIfInflight: b.MultitaskStrategy == wire.MultitaskReject, StreamSubgraphs: b.StreamSubgraphs,
		StreamResumable: b.StreamResumable, InterruptBefore: b.InterruptBefore, InterruptAfter: b.InterruptAfter,
		Webhook: string(b.Webhook), FeedbackKeys: b.FeedbackKeys,
	}
	if !c.stateless {
		f.ThreadID = c.thread
	}
	if f.IfNotExists == "" {
		f.IfNotExists = string(wire.IfNotExistsReject)
	}
	for _, mode := range b.StreamMode.OrValues() {
		f.StreamMode = append(f.StreamMode, string(mode))
	}
	if id, ok := b.Config.Configurable["checkpoint_id"].(string); ok {
		f.CheckpointID = id
	}
	if b.Command != nil {
		command, err := json.Marshal(b.Command)
		if err != nil {
			return f, fmt.Errorf("command: %w", err)
		}
		f.Command = command
	}
	return f, nil
}

// clientMetadata is what the request says of the run; metadata wins over config.metadata.
func (c *creation) clientMetadata() map[string]any {
	all := map[string]any{}
	if inner, ok := c.body.Config.Extra["metadata"].(map[string]any); ok {
		maps.Copy(all, inner)
	}
	maps.Copy(all, c.body.Metadata)
	return sanitized(all)
}

// metadata is the assistant's, but for what its hooks stamped, under the run's own.
func (c *creation) metadata(a store.Assistant) (store.JSON, error) {
	all := wire.Object{}
	if err := json.Unmarshal(a.Metadata, &all); err != nil {
		return nil, fmt.Errorf("metadata of assistant %s: %w", a.ID, err)
	}
	for _, key := range append([]string{store.TaskKey}, a.Owned...) { // which task a run goes on with, a run says for itself
		delete(all, key)
	}
	maps.Copy(all, sanitized(c.value.Metadata))
	all["graph_id"], all["assistant_id"] = a.GraphID, a.ID
	return json.Marshal(all)
}

// kwargs is what the run was asked to do, after the hook. Handlers may change config and context, but no more than clients may they say
// who the user is.
func (c *creation) kwargs(a store.Assistant) (store.JSON, error) {
	var config wire.Config
	raw, err := json.Marshal(c.value.Config)
	if err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	if err := json.Unmarshal(raw, &config); err != nil {
		return nil, fmt.Errorf("config, as the handler of threads:create_run left it: %w", err)
	}
	var shown wire.Object
	settings, given := c.withoutGiven(sanitized(config.Configurable))
	config.Configurable, shown = Mirror(settings, sanitized(c.value.Context))
	maps.Copy(config.Configurable, given)
	config.Configurable["run_id"], config.Configurable["thread_id"] = c.runID, c.thread
	config.Configurable["graph_id"], config.Configurable["assistant_id"] = a.GraphID, a.ID
	if c.request != "" {
		config.Configurable["langgraph_request_id"] = c.request
	}
	webhook := wire.Webhook("")
	if c.body.Webhook != "" {
		webhook = wire.Webhook(c.Webhooks.Mask(string(c.body.Webhook)))
	}
	return json.Marshal(wire.RunKwargs{
		Webhook: webhook,
		Input:   c.body.Input, Command: c.body.Command, Config: config, Context: shown,
		InterruptBefore: c.body.InterruptBefore, InterruptAfter: c.body.InterruptAfter, StreamMode: c.body.StreamMode.OrValues(),
		Subgraphs: c.body.StreamSubgraphs, Temporary: c.temporary(), Resumable: c.body.StreamResumable,
		Durability: c.body.EffectiveDurability(), FeedbackKeys: c.body.FeedbackKeys, Resuming: c.resuming,
	})
}

// withGiven is the config with what came beside the body.
func (c *creation) withGiven(config wire.Config) wire.Config {
	config.Configurable = maps.Clone(config.Configurable)
	maps.Copy(config.Configurable, c.given)
	return config
}

// withoutGiven takes apart what came beside the body, as the handler left it, from the rest: it is mirrored nowhere.
func (c *creation) withoutGiven(configurable wire.Object) (rest, given wire.Object) {
	rest, given = wire.Object{}, wire.Object{}
	for key, value := range configurable {
		if _, ok := c.given[key]; ok {
			given[key] = value
			continue
		}
		rest[key] = value
	}
	return rest, given
}

// mapOf is a config as handlers see it.
func mapOf(config wire.Config) map[string]any {
	out := map[string]any{}
	if config.Tags != nil {
		tags := make([]any, len(config.Tags))
		for i, tag := range config.Tags {
			tags[i] = tag
		}
		out["tags"] = tags
	}
	if config.RecursionLimit != 0 {
		out["recursion_limit"] = float64(config.RecursionLimit)
	}
	if config.MaxConcurrency != 0 {
		out["max_concurrency"] = float64(config.MaxConcurrency)
	}
	out["configurable"] = map[string]any(config.Configurable)
	return out
}

func orEmpty(object wire.Object) map[string]any {
	if object == nil {
		return map[string]any{}
	}
	return maps.Clone(object)
}
