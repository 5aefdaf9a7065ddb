package openapi

import (
	"github.com/google/jsonschema-go/jsonschema"
)

// config is how a graph is run, in requests and in answers.
func config() *jsonschema.Schema {
	return &jsonschema.Schema{
		Type:        "object",
		Description: "How a graph is run. Other keys are kept as they are.",
		Properties: map[string]*jsonschema.Schema{
			"tags":            {Types: []string{"array", "null"}, Items: text()},
			"recursion_limit": {Types: []string{"integer", "null"}, Minimum: ptr(1.0), Description: "The most supersteps of a run."},
			"configurable":    {Types: []string{"object", "null"}, Description: "What the graph itself is set to."},
		},
		PropertyOrder: []string{"tags", "recursion_limit", "configurable"},
	}
}

// checkpoint names a state of a thread, as answers do.
func checkpoint() *jsonschema.Schema {
	return &jsonschema.Schema{
		Type:        "object",
		Description: "A state of a thread.",
		Properties: map[string]*jsonschema.Schema{
			"thread_id":      {Type: "string", Format: "uuid"},
			"checkpoint_ns":  {Type: "string", Description: "The subgraph; empty for the graph itself."},
			"checkpoint_id":  {Types: []string{"string", "null"}, Format: "uuid", Description: "Null stands for the newest."},
			"checkpoint_map": {Types: []string{"object", "null"}, AdditionalProperties: text(), Description: "The checkpoints of all graphs around this one, by namespace."},
		},
		Required:             []string{"thread_id", "checkpoint_ns", "checkpoint_id", "checkpoint_map"},
		AdditionalProperties: &jsonschema.Schema{Not: &jsonschema.Schema{}},
		PropertyOrder:        []string{"thread_id", "checkpoint_ns", "checkpoint_id", "checkpoint_map"},
	}
}

// particulars are what the Go types do not tell of their JSON.
func particulars() map[string]func(*jsonschema.Schema) {
	schema := func(s *jsonschema.Schema) {
		s.Types, s.Description = []string{"object", "boolean", "null"}, "A JSON Schema; null where none can be derived."
	}
	state := func(s *jsonschema.Schema) {
		s.Types, s.Description = []string{"object", "array"}, "The values of the graph's state."
	}
	return map[string]func(*jsonschema.Schema){
		"Error": func(s *jsonschema.Schema) {
			s.Description = "Why a request was refused."
		},
		"Thread": func(s *jsonschema.Schema) {
			s.Properties["values"].Types = []string{"object", "array", "null"}
			s.Properties["values"].Description = "The newest values of the graph's output; null before the first run."
			s.Properties["error"].AnyOf = []*jsonschema.Schema{ref("RunError"), text()}
			s.Properties["error"].Description = "Why the last run failed or was cancelled."
			s.Properties["ttl"].Description = "Only with include=ttl."
			s.Properties["extracted"].Description = "Only in searches that extract."
		},
		"ThreadState": func(s *jsonschema.Schema) {
			state(s.Properties["values"])
			for _, name := range []string{"checkpoint_id", "parent_checkpoint_id"} {
				s.Properties[name] = &jsonschema.Schema{Types: []string{"string", "null"}, Format: "uuid", Deprecated: true}
				s.Required, s.PropertyOrder = append(s.Required, name), append(s.PropertyOrder, name)
			}
			s.Properties["interrupts"].Description = "The open questions of all tasks."
		},
		"Interrupt": func(s *jsonschema.Schema) {
			s.Description = "A question that a paused graph asks; a command's resume answers it."
			s.Properties["id"].Pattern = "^[0-9a-f]{32}$"
		},
		"Run": func(s *jsonschema.Schema) {
			s.Properties["kwargs"] = ref("RunKwargs")
			s.Properties["created_at"].Description = "In the future for a run that was to begin later."
		},
		"RunKwargs": func(s *jsonschema.Schema) {
			s.Description = "What the run was asked to do."
			s.Properties["feedback_keys"].Types, s.Properties["feedback_keys"].Type = []string{"array", "null"}, ""
		},
		"Feedback": func(s *jsonschema.Schema) {
			s.Properties["score"].Types = []string{"number", "boolean", "null"}
			s.Properties["correction"].Types = []string{"object", "string", "null"}
			s.Properties["created_at"].Description = "When its link was used for the first time."
			s.Properties["modified_at"].Description = "When its link was used for the last time."
		},
		"Cron": func(s *jsonschema.Schema) {
			s.Properties["payload"].Type = "object"
			s.Properties["payload"].Description = "The request of its runs."
			s.Properties["next_run_date"].Description = "Null while it is disabled, and when it will not fire again."
		},
		"Item": func(s *jsonschema.Schema) { s.Properties["value"].Type = "object" },
		"FoundItem": func(s *jsonschema.Schema) {
			s.Properties["value"].Type = "object"
			s.Properties["score"].Description = "How near it is in meaning; null for other searches."
		},
		"GraphSchemas": func(s *jsonschema.Schema) {
			for _, name := range []string{"input_schema", "output_schema", "state_schema", "config_schema", "context_schema"} {
				schema(s.Properties[name])
			}
		},
		"Drawing": func(s *jsonschema.Schema) {
			node := s.Properties["nodes"].Items
			node.Properties["type"].Enum = []any{"schema", "runnable"}
			node.Properties["data"].Types = []string{"string", "object"}
		},
		"Info": func(s *jsonschema.Schema) {
			s.Properties["langgraph_py_version"].Description = "By this and the flags, tools know a server of this kind."
		},
		"AssistantCreate": func(s *jsonschema.Schema) {
			s.Properties["graph_id"].MinLength = ptr(1)
			s.Properties["assistant_id"].Format = "uuid"
			s.Properties["assistant_id"].Description = "Made by the server when absent."
		},
		"AssistantLatest": func(s *jsonschema.Schema) {
			s.Required = nil
			s.Properties["version"].Minimum = ptr(1.0)
			s.Properties["version"].Description = "Needed, unless the query says it."
			s.Properties["version"] = nullable(s.Properties["version"])
		},
		"ThreadCreate": func(s *jsonschema.Schema) {
			s.Properties["thread_id"].Format = "uuid"
			s.Properties["thread_id"].Description = "Made by the server when absent."
			s.Properties["supersteps"].Description = "States to begin with, by at most 1000 updates in all; metadata.graph_id says of which graph."
		},
		"ThreadSearch": func(s *jsonschema.Schema) { s.Properties["ids"].MaxItems = ptr(10_000) },
		"Superstep": func(s *jsonschema.Schema) {
			s.Properties["updates"].MinItems = ptr(1)
			s.Properties["updates"].Items.Properties["as_node"].MinLength = ptr(1)
		},
		"ThreadPrune": func(s *jsonschema.Schema) {
			s.Properties["thread_ids"].MaxItems = ptr(1000)
			s.Properties["thread_ids"].Items.Format = "uuid"
		},
		"CheckpointConfig": func(s *jsonschema.Schema) {
			s.Required = nil
			for name, p := range s.Properties {
				s.Properties[name] = nullable(p)
			}
			s.Properties["thread_id"].Description = "The thread of the path, if given."
		},
		"StateAt": func(s *jsonschema.Schema) {
			s.Required, s.Properties["checkpoint"] = nil, nullable(s.Properties["checkpoint"])
		},
		"StateUpdate": func(s *jsonschema.Schema) { s.Properties["values"].Types = []string{"object", "array", "null"} },
		"RunCreate": func(s *jsonschema.Schema) {
			s.Properties["assistant_id"].MinLength = ptr(1)
			s.Properties["assistant_id"].Description = "An assistant's id, or a graph's."
			s.Properties["input"].Description = "Absent or null goes on from the checkpoint."
			s.Properties["after_seconds"].Minimum = ptr(0.0)
			s.Properties["checkpoint_during"].Deprecated = true
		},
		"RunBatch": func(s *jsonschema.Schema) {
			s.Type, s.Types = "array", nil
			s.MinItems, s.MaxItems = ptr(1), ptr(1000)
		},
		"BulkCancel": func(s *jsonschema.Schema) {
			s.Description = "A status, or a thread with its runs; not both."
		},
		"CronCreate": func(s *jsonschema.Schema) {
			s.Properties["assistant_id"].MinLength = ptr(1)
			s.Properties["schedule"].MinLength = ptr(1)
			s.Properties["schedule"].Description = "Five fields: minute, hour, day, month, weekday."
			s.Properties["timezone"].Description = "An IANA name; UTC when absent."
			s.Properties["checkpoint_during"].Deprecated = true
		},
		"ItemPut":         func(s *jsonschema.Schema) { s.Properties["key"].MinLength = ptr(1) },
		"ItemDelete":      func(s *jsonschema.Schema) { s.Properties["key"].MinLength = ptr(1) },
		"NamespaceSearch": func(s *jsonschema.Schema) { s.Properties["max_depth"].Minimum = ptr(0.0) },
	}
}
