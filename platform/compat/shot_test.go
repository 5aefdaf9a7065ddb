package compat

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/locutory/locutory/platform/api"
)

// aim makes a random request to a route.
func (a *adversary) aim(route api.Route) shot {
	y := shot{route: route, path: route.Path}
	for name, k := range map[string]kind{":assistant_id": assistants, ":checkpoint_id": checkpoints, ":cron_id": crons} {
		if strings.Contains(y.path, name) {
			id, own := a.someones(k)
			y.path, y.foreign = strings.Replace(y.path, name, id, 1), y.foreign || !own
		}
	}
	a.aimAtThread(&y)
	y.path = strings.Replace(y.path, ":namespace", a.oneOf("echo", "echo%7Cecho", "%00"), 1)
	switch {
	case strings.HasSuffix(route.Path, "/join"), strings.HasSuffix(route.Path, "/runs/:run_id/stream"):
		y.path += a.maybe(4, "?cancel_on_disconnect=true")
	case strings.HasSuffix(route.Path, "/cancel"):
		y.path += a.oneOf("", "?wait=1", "?action=rollback", "?wait=true&action=rollback")
	case strings.HasSuffix(route.Path, "/state"):
		y.path += a.maybe(2, "?subgraphs=true")
	}
	if y.path == "/store/items" && route.Method == http.MethodGet {
		y.path += a.oneOf("?namespace=memories", "?namespace=memories.deep", "?namespace=a&namespace=b", "?namespace=a..b", "?namespace=%00") +
			a.oneOf("&key=k0", "&key=k1", "&key=k2", "&key=%FF", "") + a.maybe(4, "&refresh_ttl=false")
	}
	switch {
	case route.Path == "/store/items" && route.Method == http.MethodDelete:
		y.body = a.body(&y)
	case route.Method == http.MethodGet || route.Method == http.MethodDelete || strings.HasSuffix(route.Path, "/cancel"):
	case a.rng.IntN(50) == 0:
		y.body = a.oneOf(`{`, `[]`, `{"metadata": 1}`, `null`, `{"thread_id": "x"}`, "\x00")
	default:
		y.body = a.body(&y)
	}
	return y
}

// aimAtThread chooses the thread and the run of a path. A run under another thread than its own is nobody's.
func (a *adversary) aimAtThread(y *shot) {
	run, ownRun := "", true
	if strings.Contains(y.path, ":run_id") {
		run, ownRun = a.someones(runs)
		y.path = strings.Replace(y.path, ":run_id", run, 1)
	}
	if strings.Contains(y.path, ":thread_id") {
		thread, ownThread := a.someones(threads)
		if home := a.w.threadOf(run); home != "" && a.rng.IntN(2) == 0 {
			thread, ownThread = home, ownRun
		}
		ownRun = ownRun && ownThread && (run == "" || a.w.threadOf(run) == thread)
		y.path, y.thread = strings.Replace(y.path, ":thread_id", thread, 1), thread
	}
	y.foreign = y.foreign || !ownRun
}

// body makes a random body that the route takes.
func (a *adversary) body(y *shot) string {
	mark := a.w.mark(a.user)
	metadata := fmt.Sprintf(`"metadata": {"note": %q%s}`, mark, a.maybe(5, `, "owner": `+a.oneOf(`"user0"`, `"user1"`, `"user2"`, `null`)))
	path := y.route.Path
	switch {
	case strings.HasPrefix(path, "/store"):
		return a.item(y, mark)
	case searching(path):
		return a.search(y)
	case strings.HasPrefix(path, "/mcp"):
		return a.tool(mark)
	case strings.HasPrefix(path, "/a2a"):
		return a.agent(y, mark)
	case path == "/assistants":
		return fmt.Sprintf(`{"graph_id": "agent", %s, "name": %q, "config": {"configurable": {"note": %q}}%s}`, metadata, mark, mark, a.create(y, assistants, "assistant_id"))
	case path == "/threads":
		return fmt.Sprintf(`{%s%s}`, metadata, a.create(y, threads, "thread_id"))
	case path == "/assistants/:assistant_id":
		return fmt.Sprintf(`{%s, "name": %q, "context": {"note": %q}}`, metadata, mark, mark)
	case strings.HasSuffix(path, "/state"):
		from := ""
		if a.rng.IntN(4) == 0 {
			id, own := a.someones(checkpoints)
			from, y.foreign = fmt.Sprintf(`, "checkpoint_id": %q`, id), y.foreign || !own
		}
		return fmt.Sprintf(`{"values": {"messages": [{"role": "user", "content": %q}]}%s}`, mark, from)
	case strings.HasSuffix(path, "/checkpoint"):
		id, own := a.someones(checkpoints)
		y.foreign = y.foreign || !own
		return fmt.Sprintf(`{"checkpoint": {"checkpoint_id": %q}}`, id)
	case strings.HasSuffix(path, "/history"):
		id, _ := a.someones(checkpoints)
		return a.oneOf(`{}`, fmt.Sprintf(`{"before": %q}`, id), fmt.Sprintf(`{"checkpoint": {"checkpoint_id": %q}}`, id), fmt.Sprintf(`{"metadata": {"note": %q}}`, mark))
	case strings.HasSuffix(path, "/latest"):
		return fmt.Sprintf(`{"version": %d}`, 1+a.rng.IntN(3))
	case path == "/runs/cancel":
		return a.cancel(y)
	case path == "/runs/batch":
		return `[` + a.run(y, mark, metadata) + a.maybe(2, `, `+hello) + `]`
	case strings.Contains(path, "/crons"):
		return a.plan(y, mark, metadata)
	case strings.Contains(path, "/runs"):
		return a.run(y, mark, metadata)
	}
	return `{` + metadata + `}`
}

// tool is a message about tools: each user sees what he named himself, and calls it, the graph's own, or nothing.
func (a *adversary) tool(mark string) string {
	if a.rng.IntN(2) == 0 {
		return rpc("tools/list", a.oneOf(`{}`, `{"cursor": "0"}`, `{"cursor": "100"}`, `{"cursor": "-1"}`))
	}
	name := a.oneOf("agent", "assistant", a.estates[a.user].marker, mark)
	return rpc("tools/call", fmt.Sprintf(`{"name": %q, "arguments": {"messages": [{"role": "user", "content": %q}]%s}}`, name, mark,
		a.maybe(3, `, "context": {"user_id": "user0", "__x": 1, "langgraph_auth_user": {"identity": "user1"}}`)))
}

// agent is a call of a method of an agent, about a task or a context of somebody's.
func (a *adversary) agent(y *shot, mark string) string {
	if a.rng.IntN(3) == 0 {
		y.path = "/a2a/agent"
		y.foreign = false
	}
	switch a.rng.IntN(4) {
	case 0:
		thread, _ := a.someones(threads)
		return agentCall("ListTasks", fmt.Sprintf(`"pageSize": %d%s%s`, 1+a.rng.IntN(50), a.maybe(3, `, "includeArtifacts": true`), a.maybe(3, fmt.Sprintf(`, "contextId": %q`, thread))))
	case 1:
		run, own := a.someones(runs)
		y.foreign = y.foreign || !own
		return agentCall(a.oneOf("GetTask", "tasks/get", "CancelTask", "tasks/cancel", "SubscribeToTask"), fmt.Sprintf(`"id": %q`, run))
	}
	where := ""
	switch a.rng.IntN(3) {
	case 0:
		thread, own := a.someones(threads)
		where, y.foreign, y.thread = fmt.Sprintf(`"contextId": %q, `, thread), y.foreign || !own, thread
	case 1:
		run, own := a.someones(runs)
		where, y.foreign = fmt.Sprintf(`"taskId": %q, `, run), y.foreign || !own
	}
	method := a.oneOf("SendMessage", "message/send", "SendStreamingMessage", "message/stream")
	return strings.Replace(agentSays(method, where), "hello", mark, 1)
}

// item is a request to the store. All users use the same namespaces and keys.
func (a *adversary) item(y *shot, mark string) string {
	namespace := a.oneOf(`["memories"]`, `["memories", "deep"]`, `["a", "b"]`, `["a.b"]`, `[]`)
	key := a.oneOf("k0", "k1", "k2", "'")
	switch y.route.Method + " " + y.route.Path {
	case "PUT /store/items":
		return fmt.Sprintf(`{"namespace": %s, "key": %q, "value": {"note": %q, "n": %d}%s}`, namespace, key, mark, a.rng.IntN(5), a.maybe(5, `, "ttl": 0.01`))
	case "DELETE /store/items":
		return fmt.Sprintf(`{"namespace": %s, "key": %q}`, namespace, key)
	case "POST /store/namespaces":
		return fmt.Sprintf(`{"limit": %d%s%s}`, 1+a.rng.IntN(50), a.maybe(3, `, "prefix": ["*"]`), a.maybe(3, `, "max_depth": 1`))
	}
	if a.rng.IntN(3) == 0 {
		y.fruitless = true
		other := (a.user + 1 + a.rng.IntN(a.w.users-1)) % a.w.users
		return fmt.Sprintf(`{"filter": {"note": %q}}`, a.estates[other].marker)
	}
	return fmt.Sprintf(`{"namespace_prefix": %s, "limit": %d, "filter": {"n": {"$gte": %d}}}`, namespace, 1+a.rng.IntN(50), a.rng.IntN(3))
}

// create asks for an id: a fresh one, one of the user's, or one of somebody else's estate, which is never given back. Other ids of
// others do not come here: their owner may have deleted them, and then they are free.
func (a *adversary) create(y *shot, k kind, field string) string {
	id := uuid.Must(uuid.NewRandomFromReader(source{a.rng})).String()
	switch a.rng.IntN(6) {
	case 0:
		other := (a.user + 1 + a.rng.IntN(a.w.users-1)) % a.w.users
		id, y.foreign = a.estates[other].ids[string(k)], true
	case 1:
		if own := a.w.pick(a.rng, k, a.user); own != "" {
			id = own
		}
	case 2:
	default:
		return ""
	}
	return fmt.Sprintf(`, %q: %q%s`, field, id, a.maybe(2, `, "if_exists": "do_nothing"`))
}

// cancel names runs, or all that run: those that only wait are in the estates, too.
func (a *adversary) cancel(y *shot) string {
	if a.rng.IntN(4) == 0 {
		return `{"status": "running"}`
	}
	run, own := a.someones(runs)
	thread, ownThread := a.someones(threads)
	if home := a.w.threadOf(run); home != "" && a.rng.IntN(2) == 0 {
		thread, ownThread = home, own
	}
	y.foreign = !own || !ownThread
	return fmt.Sprintf(`{"thread_id": %q, "run_ids": [%q]}`, thread, run)
}

// run starts a run of the graph or of an assistant.
func (a *adversary) run(y *shot, mark, metadata string) string {
	assistant, ownThread := "agent", !y.foreign
	if a.rng.IntN(2) == 0 {
		id, own := a.someones(assistants)
		assistant, y.foreign = id, y.foreign || !own
	}
	extra := a.maybe(3, `, "multitask_strategy": "`+a.oneOf("reject", "enqueue", "interrupt", "rollback")+`"`) +
		a.maybe(5, `, "on_completion": "keep"`) + a.maybe(3, `, "stream_mode": ["values", "updates", "messages-tuple", "debug"]`)
	if ownThread || a.w.isReserved(y.thread) { // an id that others have left is free, and nothing of theirs
		extra += a.maybe(8, `, "if_not_exists": "create"`)
	}
	if id, _ := a.someones(checkpoints); a.rng.IntN(8) == 0 {
		extra += fmt.Sprintf(`, "checkpoint": {"checkpoint_id": %q}`, id)
	}
	return fmt.Sprintf(`{"assistant_id": %q, "input": {"messages": [{"role": "user", "content": %q}]}, %s, "config": {"configurable": {"note": %q}}%s}`,
		assistant, mark, metadata, mark, extra)
}

// plan makes a cron that fires seldom, or changes one.
func (a *adversary) plan(y *shot, mark, metadata string) string {
	rest := fmt.Sprintf(`"input": {"messages": [{"role": "user", "content": %q}]}, %s`, mark, metadata)
	if strings.HasSuffix(y.route.Path, ":cron_id") {
		return `{` + rest + a.maybe(3, `, "enabled": false`) + a.maybe(3, `, "end_time": null`) + `}`
	}
	assistant := "agent"
	if a.rng.IntN(2) == 0 {
		id, own := a.someones(assistants)
		assistant, y.foreign = id, y.foreign || !own
	}
	return fmt.Sprintf(`{"assistant_id": %q, "schedule": "0 0 29 2 *", %s%s}`, assistant, rest, a.maybe(3, `, "multitask_strategy": "rollback"`))
}

// search looks for everything, for what is the user's, or for what others have written.
func (a *adversary) search(y *shot) string {
	other := (a.user + 1 + a.rng.IntN(a.w.users-1)) % a.w.users
	onThreads := strings.HasPrefix(y.route.Path, "/threads")
	switch a.rng.IntN(5) {
	case 0:
		y.fruitless = true
		return fmt.Sprintf(`{"metadata": {"owner": "user%d"}}`, other)
	case 1:
		y.fruitless = true
		return fmt.Sprintf(`{"metadata": {"note": %q}}`, a.estates[other].marker)
	case 2:
		if strings.Contains(y.route.Path, "/crons") {
			y.fruitless = true
			return fmt.Sprintf(`{"thread_id": %q}`, a.estates[other].ids["thread"])
		}
		if !onThreads {
			y.fruitless = true
			return fmt.Sprintf(`{"name": %q}`, markOf(other))
		}
		y.fruitless = true
		return fmt.Sprintf(`{"values": {"messages": [{"content": %q}]}}`, a.estates[other].marker)
	case 3:
		if onThreads && strings.HasSuffix(y.route.Path, "/search") {
			y.fruitless = true
			return fmt.Sprintf(`{"ids": [%q, %q]}`, a.estates[other].ids["thread"], a.estates[other].ids["busy"])
		}
		return `{"limit": 1000}`
	}
	return fmt.Sprintf(`{"limit": %d, "offset": %d, "sort_order": %q}`, 1+a.rng.IntN(50), a.rng.IntN(20), a.oneOf("asc", "desc"))
}

// maybe returns text at a chance of one in n.
func (a *adversary) maybe(n int, text string) string {
	if a.rng.IntN(n) == 0 {
		return text
	}
	return ""
}

// oneOf returns one of the texts.
func (a *adversary) oneOf(texts ...string) string { return texts[a.rng.IntN(len(texts))] }

// searching is a route whose answer is a list or a count of all rows that the caller may see.
func searching(path string) bool {
	return slices.ContainsFunc([]string{"/search", "/count"}, func(end string) bool { return strings.HasSuffix(path, end) })
}
