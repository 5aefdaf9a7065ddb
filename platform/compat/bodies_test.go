package compat

import (
	"reflect"

	"github.com/locutory/locutory/platform/wire"
)

// bodied is the body that a route takes.
type bodied struct {
	// request is a struct of package wire; nil is a route that reads no body, or whose body another test makes up.
	request reflect.Type
	// path is where to send it; empty is the route's own. {fresh} is a thread of the request's own.
	path string
	// base is a body that the route takes. More are the fields that it lacks, each with a value that is fine beside base.
	base, more string
	elsewhere  string // the test that makes up bodies of a route that takes no struct
	// odd are fields whose sample is refused by itself, with why.
	odd map[string]string
}

func takes[T any](base, more string) bodied {
	return bodied{request: reflect.TypeFor[T](), base: base, more: more}
}

func (t bodied) but(odd map[string]string) bodied {
	t.odd = odd
	return t
}

func (t bodied) at(path string) bodied {
	t.path = path
	return t
}

// bodies has an entry for each route that may have a body.
func bodies() map[string]bodied {
	const (
		id       = `"01234567-89ab-7cde-8f01-23456789abcd"`
		place    = `{"thread_id": "", "checkpoint_ns": "", "checkpoint_id": ` + id + `, "checkpoint_map": {"": ` + id + `}}`
		settings = `{"tags": ["t"], "recursion_limit": 9, "max_concurrency": 2, "configurable": {"note": "x", "thread_id": ""}, "metadata": {"m": 1}}`
		command  = `{"update": {"messages": []}, "resume": {"a": 1}, "goto": ["echo", {"node": "echo", "input": {"a": 1}}]}`
		wish     = `"metadata": {"k": {"n": [1, "x"]}}, "config": ` + settings + `, "context": {"note": "x"}, "webhook": "https://hooks.invalid/x",
			"stream_mode": ["values", "updates"], "stream_subgraphs": true, "stream_resumable": true, "interrupt_before": ["echo"], "interrupt_after": "*",
			"durability": "exit", "multitask_strategy": "enqueue"`
		both = `, "checkpoint_during": false`
		run  = `{"assistant_id": "agent", "input": {"messages": [{"role": "user", "content": "x", "id": "m"}]}}`
		how  = `{"command": ` + command + `, "checkpoint": ` + place + `, "checkpoint_id": ` + id + `, "feedback_keys": ["good"], "if_not_exists": "create",
			"on_disconnect": "continue", "on_completion": "keep", "after_seconds": 0.01, "langsmith_tracer": {"project_name": "x", "example_id": "y"}, ` + wish + both + `}`
		cron   = `{"assistant_id": "agent", "schedule": "0 0 29 2 *", "input": {"messages": []}}`
		when   = `{"timezone": "Europe/Berlin", "end_time": "2100-01-01T00:00:00Z", "enabled": false, "on_run_completed": "keep", ` + wish + both + `}`
		filter = `{"metadata": {"k": {"$contains": "x"}, "n": [1]}, "values": {"messages": [{"content": "x"}]}, "status": "idle"}`
		page   = `"limit": 5, "offset": 1, "sort_order": "asc"`
	)
	tracer := map[string]string{"langsmith_tracer": "not supported"}
	onThread := takes[wire.RunCreate](run, how).but(tracer)
	withoutThread := takes[wire.RunCreate](run, how).but(map[string]string{"langsmith_tracer": "not supported", "feedback_keys": "the thread goes away"})
	return map[string]bodied{
		"POST /assistants": takes[wire.AssistantCreate](`{"graph_id": "agent"}`, `{"assistant_id": "{new}", "name": "x", "description": "y", "config": `+settings+`,
			"context": {"note": "x"}, "metadata": {"k": [1]}, "if_exists": "do_nothing"}`),
		"PATCH /assistants/:assistant_id":         takes[wire.AssistantPatch](`{"name": "x"}`, `{"graph_id": "agent", "description": "y", "config": `+settings+`, "context": {"a": 1}, "metadata": {"k": [1]}}`),
		"POST /assistants/search":                 takes[wire.AssistantSearch](`{}`, `{"metadata": {"k": 1}, "graph_id": "agent", "name": "x", "sort_by": "name", "select": ["name"], `+page+`}`),
		"POST /assistants/count":                  takes[wire.AssistantCount](`{}`, `{"metadata": {"k": 1}, "graph_id": "agent", "name": "x"}`),
		"POST /assistants/:assistant_id/versions": takes[wire.AssistantVersions](`{}`, `{"metadata": {"k": 1}, "limit": 5, "offset": 1}`),
		"POST /assistants/:assistant_id/latest":   takes[wire.AssistantLatest](`{"version": 1}`, `{}`),

		"POST /threads": takes[wire.ThreadCreate](`{"metadata": {"k": [1, {"a": "b"}], "graph_id": "agent"}}`, `{"thread_id": "{new}", "if_exists": "do_nothing", "ttl": {"ttl": 60, "strategy": "delete"},
			"supersteps": [{"updates": [{"values": {"messages": []}, "as_node": "__input__", "command": `+command+`}]}]}`),
		"POST /threads/search":          takes[wire.ThreadSearch](filter, `{"ids": [`+id+`], "sort_by": "status", "select": ["thread_id"], "extract": {"a": "values.messages[0].content"}, `+page+`}`),
		"POST /threads/count":           takes[wire.ThreadCount](filter, `{}`),
		"POST /threads/prune":           takes[wire.ThreadPrune](`{"thread_ids": [`+id+`]}`, `{"strategy": "keep_latest"}`),
		"PATCH /threads/:thread_id":     takes[wire.ThreadPatch](`{"metadata": {"k": 1}}`, `{"ttl": {"ttl": 60, "strategy": "keep_latest"}}`),
		"POST /threads/:thread_id/copy": {},
		"POST /threads/:thread_id/state": takes[wire.StateUpdate](`{"values": {"messages": [{"role": "user", "content": "x"}]}, "as_node": "echo"}`,
			`{"checkpoint": `+place+`, "checkpoint_id": `+id+`}`),
		"POST /threads/:thread_id/state/checkpoint": takes[wire.StateAt](`{"checkpoint": `+place+`}`, `{"subgraphs": true, "select": ["next", "values.k"]}`),
		"POST /threads/:thread_id/history":          takes[wire.HistorySearch](`{"limit": 3}`, `{"before": `+place+`, "metadata": {"k": 1}, "checkpoint": `+place+`, "select": ["values", "checkpoint"]}`),

		"POST /threads/:thread_id/runs":                onThread.at("/threads/{fresh}/runs"),
		"POST /threads/:thread_id/runs/stream":         onThread.at("/threads/{fresh}/runs/stream"),
		"POST /threads/:thread_id/runs/wait":           onThread.at("/threads/{fresh}/runs/wait"),
		"POST /threads/:thread_id/runs/:run_id/cancel": {},
		"POST /runs":        withoutThread,
		"POST /runs/stream": withoutThread,
		"POST /runs/wait":   withoutThread,
		"POST /runs/batch":  {request: reflect.TypeFor[wire.RunBatch](), base: `[` + run + `, ` + run + `]`, more: `{}`},
		"POST /runs/cancel": takes[wire.BulkCancel](`{"thread_id": "{busy}", "run_ids": ["{new}"]}`, `{"status": "pending"}`).but(map[string]string{"status": "either status or ids"}),

		"POST /runs/crons":                    takes[wire.CronCreate](cron, when),
		"POST /threads/:thread_id/runs/crons": takes[wire.CronCreate](cron, when),
		"POST /runs/crons/search":             takes[wire.CronSearch](`{"assistant_id": "agent"}`, `{"thread_id": `+id+`, "enabled": true, "metadata": {"k": 1}, "sort_by": "cron_id", "select": ["cron_id"], `+page+`}`),
		"POST /runs/crons/count":              takes[wire.CronCount](`{}`, `{"assistant_id": "agent", "thread_id": `+id+`, "metadata": {"k": 1}}`),
		"PATCH /runs/crons/:cron_id": takes[wire.CronPatch](`{"enabled": false}`, `{"schedule": "0 0 29 2 *", "timezone": "UTC", "end_time": null, "on_run_completed": "delete",
			"input": {"messages": []}, `+wish+`}`).but(map[string]string{"context": "it may have a configurable since", "config": "or a context"}),

		"PUT /store/items":         takes[wire.ItemPut](`{"namespace": ["{new}"], "key": "k", "value": {"a": [1]}}`, `{"index": ["a"], "ttl": 5}`),
		"DELETE /store/items":      takes[wire.ItemDelete](`{"namespace": ["none"], "key": "k"}`, `{}`),
		"POST /store/items/search": takes[wire.ItemSearch](`{"namespace_prefix": ["a"]}`, `{"filter": {"a": {"$gt": 1}}, "limit": 5, "offset": 1, "query": "x", "refresh_ttl": false}`),
		"POST /store/namespaces":   takes[wire.NamespaceSearch](`{}`, `{"prefix": ["*"], "suffix": ["a"], "max_depth": 2, "limit": 5, "offset": 1}`),

		"POST /feedback/tokens/:token": {elsewhere: "wire.FuzzFeedbackCreate: a stranger may speak only so often"},
		"POST /mcp":                    {elsewhere: "mcp.FuzzMessages"},
		"POST /mcp/":                   {elsewhere: "mcp.FuzzMessages"},
		"POST /a2a/:assistant_id":      {elsewhere: "FuzzA2A"},
	}
}
