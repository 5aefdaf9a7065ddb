package compat

import (
	"maps"
	"net/http"
	"strings"

	"github.com/locutory/locutory/platform/a2a"
	"github.com/locutory/locutory/platform/api"
	"github.com/locutory/locutory/platform/mcp"
)

// row says how two users meet on a route.
type row struct {
	// own is what the owner gets who sends body to the route with the ids of the estate.
	own  int
	body string
	// path is the owner's; empty is the route's own.
	path string
	// shows is in what the owner gets.
	shows string
	// tries are what Bob does with the ids of Alice's estate; none means the route as the owner calls it, which must be hidden.
	tries []try
}

// try is one call by Bob. The ids are Alice's, but for {mine} and {myrun}: a thread of Bob's and its run. An empty path is the route's own.
type try struct {
	path, body string
	want       string
}

// What a try may get: anything else is the exact body of a 200.
const (
	hidden  = ""         // 404, and byte for byte what an id that nothing has gets
	missing = "missing"  // 404 that says nothing of the row, where an unknown id would be something else
	taken   = "taken"    // 409, as for an id that is taken by whomever
	without = "without"  // 200 without anything of Alice's
	public  = "everyone" // no credentials are needed
	anyone  = "anyone"   // 204 or 404: what is Bob's own, if there is any
	silent  = "silent"   // 204, whether there is something or not
	refused = "refused"  // 403, which says nothing of the row
	unasked = "unasked"  // 200 without anything of Alice's, and no hook is asked
	unknown = "unknown"  // 200 with an error, and byte for byte what a name that nothing has gets
	closed  = "operator" // 403: no user's credentials are any good
)

const hello = `{"assistant_id": "agent", "input": {"messages": [{"role": "user", "content": "hello"}]}}`

// rows are the keys of a route's rows: one, or one for each method that it is called with.
func rows(route api.Route) []string {
	key := route.Method + " " + route.Path
	methods := map[string]func() []string{"mcp": mcp.Methods, "a2a": a2a.Methods}[route.Group]
	if methods == nil || route.Method != http.MethodPost {
		return []string{key}
	}
	var keys []string
	for _, method := range methods() {
		keys = append(keys, key+" "+method)
	}
	return keys
}

// rpc is a message of the Model Context Protocol.
func rpc(method, params string) string {
	return `{"jsonrpc": "2.0", "id": 1, "method": "` + method + `", "params": ` + params + `}`
}

// toolUsers are the rows of a path where assistants are tools: all of {tool}'s names are Alice's.
func toolUsers(path string) map[string]row {
	call := func(name string) try {
		return try{body: rpc("tools/call", `{"name": "`+name+`", "arguments": {"messages": [{"role": "user", "content": "hello"}]}}`), want: unknown}
	}
	const (
		client   = `{"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "c", "version": "1"}}`
		discover = `{"_meta": {"io.modelcontextprotocol/protocolVersion": "2026-07-28",
			"io.modelcontextprotocol/clientInfo": {"name": "c", "version": "1"}, "io.modelcontextprotocol/clientCapabilities": {}}}`
	)
	all := map[string]row{}
	for method, r := range map[string]row{
		"initialize":      {own: 200, body: rpc("initialize", client), shows: `"serverInfo"`, tries: []try{{body: rpc("initialize", client), want: unasked}}},
		"ping":            {own: 200, body: rpc("ping", `{}`), shows: `"result":{}`, tries: []try{{body: rpc("ping", `{}`), want: unasked}}},
		"server/discover": {own: 200, body: rpc("server/discover", discover), shows: `"supportedVersions"`, tries: []try{{body: rpc("server/discover", discover), want: unasked}}},
		"tools/list": {own: 200, body: rpc("tools/list", `{}`), shows: `"name":"{tool}","title":"{tool}"`, tries: []try{
			{body: rpc("tools/list", `{}`), want: without},
			{body: rpc("tools/list", `{"cursor": "1"}`), want: without},
		}},
		"tools/call": {own: 200, body: call("{tool}").body, shows: `"echo: hello"`, tries: []try{
			call("{tool}"), call("{tool}-{hex}"), call("mark-{hex}"), call("{assistant}"), call("{hex}"), call("assistant-{hex}"),
		}},
	} {
		all["POST "+path+" "+method] = r
	}
	all["GET "+path] = row{own: 405, tries: []try{{want: public}}}
	all["DELETE "+path] = row{own: 404, tries: []try{{want: public}}}
	return all
}

// starts are the ways to start a run on what is Alice's.
func starts(path string) []try {
	foreign := strings.Replace(hello, "agent", "{assistant}", 1)
	if !strings.HasPrefix(path, "/threads") {
		return []try{{body: foreign}}
	}
	create := strings.Replace(hello, "{", `{"if_not_exists": "create", `, 1)
	interrupt := strings.Replace(hello, "{", `{"multitask_strategy": "rollback", `, 1)
	return []try{
		{body: hello},
		{body: foreign},
		{body: interrupt},
		{path: strings.Replace(path, "{thread}", "{busy}", 1), body: interrupt},
		{path: strings.Replace(path, "{thread}", "{mine}", 1), body: foreign},
		{path: strings.Replace(path, "{thread}", "{kept}", 1), body: hello},
		{body: create, want: missing},
	}
}

// follows are the ways to reach a run: under its thread, under Bob's, and of another thread (AC-45, H-55).
func follows(end string) []try {
	return []try{
		{path: "/threads/{thread}/runs/{run}" + end},
		{path: "/threads/{mine}/runs/{run}" + end},
		{path: "/threads/{thread}/runs/{myrun}" + end},
		{path: "/threads/{busy}/runs/{pending}" + end},
		{path: "/threads/{mine}/runs/{pending}" + end},
		{path: "/threads/{mine}/runs/{loose}" + end},
	}
}

// searches are the ways to look for Alice's threads.
func searches(none string) []try {
	return []try{
		{body: `{}`, want: without},
		{body: `{"metadata": {"note": "{marker}"}}`, want: none},
		{body: `{"metadata": {"owner": "user1"}}`, want: none},
		{body: `{"values": {"messages": [{"content": "{marker}"}]}}`, want: none},
		{body: `{"status": "busy"}`, want: without},
	}
}

// findsCrons are the ways to look for Alice's crons (H-39).
func findsCrons(none string) []try {
	return []try{
		{body: `{}`, want: without},
		{body: `{"thread_id": "{thread}"}`, want: none},
		{body: `{"assistant_id": "{assistant}"}`, want: none},
		{body: `{"metadata": {"note": "{marker}"}}`, want: none},
		{body: `{"metadata": {"owner": "user1"}}`, want: none},
	}
}

// twoUsers has a row for every route.
func twoUsers() map[string]row {
	const (
		checkpoint = `{"checkpoint": {"checkpoint_id": "{checkpoint}"}}`
		written    = `{"values": {"messages": []}, "as_node": "echo", "checkpoint_id": "{checkpoint}"}`
		values     = `{"values": {"messages": [{"role": "user", "content": "more"}]}}`
		seldom     = `{"assistant_id": "agent", "schedule": "0 0 29 2 *"}`
		foreign    = `{"assistant_id": "{assistant}", "schedule": "0 0 29 2 *"}`
	)
	all := map[string]row{
		"GET /":     {own: 200, tries: []try{{want: public}}},
		"GET /ok":   {own: 200, tries: []try{{want: public}}},
		"GET /info": {own: 200, tries: []try{{want: public}}},

		"GET /metrics":              {own: 403, tries: []try{{want: closed}, {path: "/metrics?format=json", want: closed}}},
		"GET /openapi.json":         {own: 200, tries: []try{{want: public}}},
		"GET /docs":                 {own: 200, tries: []try{{want: public}}},
		"GET /platform.schema.json": {own: 200, tries: []try{{want: public}}},

		"POST /assistants": {own: 200, body: `{"graph_id": "agent"}`, tries: []try{
			{body: `{"graph_id": "agent", "assistant_id": "{assistant}"}`, want: taken},
			{body: `{"graph_id": "agent", "assistant_id": "{assistant}", "if_exists": "do_nothing"}`, want: taken},
		}},
		"POST /assistants/search": {own: 200, body: `{}`, tries: []try{
			{body: `{}`, want: without},
			{body: `{"metadata": {"note": "{marker}"}}`, want: `[]`},
			{body: `{"name": "{marker}"}`, want: `[]`},
			{body: `{"metadata": {"owner": "user1"}}`, want: `[]`},
		}},
		"POST /assistants/count": {own: 200, body: `{}`, tries: []try{
			{body: `{"metadata": {"note": "{marker}"}}`, want: `0`},
			{body: `{"name": "{marker}"}`, want: `0`},
			{body: `{"metadata": {"owner": "user1"}}`, want: `0`},
		}},
		"GET /assistants/:assistant_id":         {own: 200},
		"PATCH /assistants/:assistant_id":       {own: 200, body: `{"metadata": {"note": "changed"}, "name": "changed"}`},
		"DELETE /assistants/:assistant_id":      {own: 204, tries: []try{{}, {path: "/assistants/{assistant}?delete_threads=true"}}},
		"GET /assistants/:assistant_id/graph":   {own: 200},
		"GET /assistants/:assistant_id/schemas": {own: 200},

		"GET /assistants/:assistant_id/subgraphs": {own: 200, tries: []try{
			{path: "/assistants/{assistant}/subgraphs"}, {path: "/assistants/{assistant}/subgraphs?recurse=true"},
		}},
		"GET /assistants/:assistant_id/subgraphs/:namespace": {own: 200, tries: []try{{path: "/assistants/{assistant}/subgraphs/a%7Cb"}}},
		"POST /assistants/:assistant_id/versions": {own: 200, body: `{}`, tries: []try{
			{body: `{}`}, {body: `{"metadata": {"note": "{marker}"}}`},
		}},
		"POST /assistants/:assistant_id/latest": {own: 200, body: `{"version": 1}`, tries: []try{{body: `{"version": 1}`}, {body: `{"version": 99}`}}},

		"POST /threads": {own: 200, body: `{}`, tries: []try{
			{body: `{"thread_id": "{thread}"}`, want: taken},
			{body: `{"thread_id": "{thread}", "if_exists": "do_nothing"}`, want: taken},
			{body: `{"thread_id": "{kept}", "if_exists": "do_nothing"}`, want: taken},
		}},
		"POST /threads/search": {own: 200, body: `{}`, tries: append(searches(`[]`), try{body: `{"ids": ["{thread}", "{busy}"]}`, want: `[]`})},
		"POST /threads/count":  {own: 200, body: `{}`, tries: searches(`0`)},

		"POST /threads/prune": {own: 200, body: `{"thread_ids": ["{thread}"]}`, tries: []try{
			{body: `{"thread_ids": ["{thread}", "{busy}", "{kept}"]}`, want: `{"pruned_count":0}`},
			{body: `{"thread_ids": ["{thread}", "{kept}"], "strategy": "keep_latest"}`, want: `{"pruned_count":0}`},
		}},
		"POST /threads/:thread_id/copy":   {own: 200, tries: []try{{}, {path: "/threads/{busy}/copy"}, {path: "/threads/{kept}/copy"}}},
		"GET /threads/:thread_id/storage": {own: 200},
		"GET /threads/:thread_id/stream": {own: 200, tries: []try{
			{}, {path: "/threads/{thread}/stream?stream_mode=lifecycle"}, {path: "/threads/{busy}/stream"}, {path: "/threads/{kept}/stream"},
		}},

		"GET /threads/:thread_id":       {own: 200},
		"PATCH /threads/:thread_id":     {own: 200, body: `{"metadata": {"note": "changed"}}`},
		"DELETE /threads/:thread_id":    {own: 204, tries: []try{{path: "/threads/{thread}"}, {path: "/threads/{busy}"}, {path: "/threads/{kept}"}}},
		"GET /threads/:thread_id/state": {own: 200, tries: []try{{path: "/threads/{thread}/state"}, {path: "/threads/{thread}/state?subgraphs=true"}}},
		"POST /threads/:thread_id/state": {own: 200, body: values, tries: []try{
			{body: values}, {body: written}, {path: "/threads/{mine}/state", body: written},
		}},
		"GET /threads/:thread_id/state/:checkpoint_id": {own: 200, tries: []try{
			{path: "/threads/{thread}/state/{checkpoint}"}, {path: "/threads/{mine}/state/{checkpoint}"},
		}},
		"POST /threads/:thread_id/state/checkpoint": {own: 200, body: checkpoint, tries: []try{
			{body: checkpoint}, {path: "/threads/{mine}/state/checkpoint", body: checkpoint},
		}},
		"GET /threads/:thread_id/history": {own: 200, tries: []try{
			{path: "/threads/{thread}/history"}, {path: "/threads/{mine}/history?before={checkpoint}", want: without},
		}},
		"POST /threads/:thread_id/history": {own: 200, body: `{}`, tries: []try{
			{body: `{}`}, {path: "/threads/{mine}/history", body: checkpoint, want: without},
		}},

		"POST /threads/:thread_id/runs":                   {own: 200, body: hello, tries: starts("/threads/{thread}/runs")},
		"POST /threads/:thread_id/runs/stream":            {own: 200, body: hello, tries: starts("/threads/{thread}/runs/stream")},
		"POST /threads/:thread_id/runs/wait":              {own: 200, body: hello, tries: starts("/threads/{thread}/runs/wait")},
		"GET /threads/:thread_id/runs":                    {own: 200, tries: []try{{path: "/threads/{thread}/runs"}, {path: "/threads/{busy}/runs?status=pending"}}},
		"GET /threads/:thread_id/runs/:run_id":            {own: 200, tries: follows("")},
		"DELETE /threads/:thread_id/runs/:run_id":         {own: 204, tries: follows("")},
		"GET /threads/:thread_id/runs/:run_id/join":       {own: 200, tries: append(follows("/join"), follows("/join?cancel_on_disconnect=true")...)},
		"GET /threads/:thread_id/runs/:run_id/stream":     {own: 200, tries: append(follows("/stream"), follows("/stream?cancel_on_disconnect=1")...)},
		"GET /threads/:thread_id/runs/:run_id/deliveries": {own: 200, tries: follows("/deliveries")},
		"GET /threads/:thread_id/runs/:run_id/feedback":   {own: 200, tries: follows("/feedback")},
		// A link is a secret: without it nobody gives feedback. feedback_test.go is about those who have one.
		"GET /feedback/tokens/:token":                  {own: 404, path: "/feedback/tokens/{new}?score=1", tries: []try{{want: public}}},
		"POST /feedback/tokens/:token":                 {own: 404, path: "/feedback/tokens/{new}", body: `{"score": 1}`, tries: []try{{want: public}}},
		"POST /threads/:thread_id/runs/:run_id/cancel": {own: 202, tries: append(follows("/cancel"), follows("/cancel?wait=1&action=rollback")...)},

		"POST /runs/crons": {own: 200, body: seldom, tries: []try{{body: foreign}}},
		"POST /threads/:thread_id/runs/crons": {own: 200, body: seldom, tries: []try{
			{body: seldom},
			{body: foreign},
			{path: "/threads/{mine}/runs/crons", body: foreign},
			{path: "/threads/{kept}/runs/crons", body: seldom},
			{body: strings.Replace(seldom, "{", `{"multitask_strategy": "rollback", `, 1)},
		}},
		"POST /runs/crons/search":  {own: 200, body: `{}`, tries: findsCrons(`[]`)},
		"POST /runs/crons/count":   {own: 200, body: `{}`, tries: findsCrons(`0`)},
		"GET /runs/crons/:cron_id": {own: 200, tries: []try{{path: "/runs/crons/{cron}"}, {path: "/runs/crons/{plan}"}}},
		"PATCH /runs/crons/:cron_id": {own: 200, body: `{"enabled": false, "metadata": {"note": "changed"}}`, tries: []try{
			{path: "/runs/crons/{cron}", body: `{"enabled": false}`},
			{path: "/runs/crons/{plan}", body: `{"schedule": "* * * * *"}`},
			{path: "/runs/crons/{cron}", body: `{"input": {"messages": []}}`},
		}},
		"DELETE /runs/crons/:cron_id": {own: 204, tries: []try{{path: "/runs/crons/{cron}"}, {path: "/runs/crons/{plan}"}}},

		"POST /runs":        {own: 200, body: hello, tries: starts("/runs")},
		"POST /runs/stream": {own: 200, body: hello, tries: starts("/runs/stream")},
		"POST /runs/wait":   {own: 200, body: hello, tries: starts("/runs/wait")},
		"POST /runs/batch": {own: 200, body: `[` + hello + `, ` + hello + `]`, tries: []try{
			{body: `[` + strings.Replace(hello, "agent", "{assistant}", 1) + `]`},
			{body: `[` + hello + `, ` + strings.Replace(hello, "agent", "{assistant}", 1) + `]`},
		}},
		"POST /runs/cancel": {own: 204, body: `{"thread_id": "{busy}", "run_ids": ["{pending}"]}`, tries: []try{
			{body: `{"thread_id": "{busy}", "run_ids": ["{pending}"]}`},
			{body: `{"thread_id": "{mine}", "run_ids": ["{pending}"]}`},
			{body: `{"thread_id": "{mine}", "run_ids": ["{myrun}", "{pending}"]}`},
			{path: "/runs/cancel?action=rollback", body: `{"status": "all"}`, want: anyone},
		}},
		"PUT /store/items": {own: 204, body: `{"namespace": ["{marker}", "deep"], "key": "note", "value": {"note": "changed"}}`, tries: []try{
			{body: `{"namespace": ["{marker}", "deep"], "key": "note", "value": {"note": "stolen"}}`, want: refused},
		}},
		"GET /store/items": {own: 200, path: "/store/items?namespace={marker}.deep&key=note", tries: []try{
			{path: "/store/items?namespace={marker}.deep&key=note", want: `null`},
			{path: "/store/items?namespace={marker}&namespace=deep&key=note&refresh_ttl=true", want: `null`},
			{path: "/store/items?namespace={marker}.deep&key={new}", want: `null`},
			{path: "/store/items?key=note", want: `null`},
		}},
		"DELETE /store/items": {own: 204, body: `{"namespace": ["{marker}", "deep"], "key": "note"}`, tries: []try{
			{body: `{"namespace": ["{marker}", "deep"], "key": "note"}`, want: silent}, {body: `{"namespace": ["{marker}"], "key": "{new}"}`, want: silent},
		}},
		"POST /store/items/search": {own: 200, body: `{}`, tries: []try{
			{body: `{}`, want: without},
			{body: `{"limit": 1000, "refresh_ttl": true}`, want: without},
			{body: `{"filter": {"note": "{marker}"}}`, want: `{"items":[]}`},
			{body: `{"filter": {"note": {"$gte": "{marker}", "$lte": "{marker}"}}}`, want: `{"items":[]}`},
			{body: `{"namespace_prefix": ["{marker}"]}`, want: `{"items":[]}`},
		}},
		"POST /store/namespaces": {own: 200, body: `{}`, tries: []try{
			{body: `{}`, want: without},
			{body: `{"prefix": ["*"], "limit": 1000, "max_depth": 1}`, want: without},
			{body: `{"prefix": ["{marker}"]}`, want: `{"namespaces":[]}`},
			{body: `{"prefix": ["*", "deep"], "suffix": ["deep"]}`, want: without},
		}},

		"GET /a2a/:assistant_id/.well-known/agent-card.json": {own: 200, path: "/a2a/{assistant}/.well-known/agent-card.json"},
		"GET /.well-known/agent-card.json": {own: 200, path: "/.well-known/agent-card.json?assistant_id={assistant}", tries: []try{
			{path: "/.well-known/agent-card.json?assistant_id={assistant}"},
		}},

		"GET /runs/:run_id/stream": {own: 200, tries: []try{
			{path: "/runs/{run}/stream"}, {path: "/runs/{pending}/stream"}, {path: "/runs/{loose}/stream"},
		}},
		"GET /runs/:run_id/join": {own: 200, tries: []try{{path: "/runs/{run}/join"}, {path: "/runs/{pending}/join"}, {path: "/runs/{loose}/join"}}},
	}
	maps.Copy(all, agentUsers())
	maps.Copy(all, toolUsers("/mcp"))
	maps.Copy(all, toolUsers("/mcp/"))
	return all
}
