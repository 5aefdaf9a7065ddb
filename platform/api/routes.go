package api

import (
	"context"
	"net/http"
	"slices"
)

// Route is one row of the table: a method and path, the group that platform.json can disable, and the events that are asked of
// the hooks before anything of the store is touched.
type Route struct {
	Method, Path string
	Group        string
	// Events are the events in the order in which they are asked. One in parentheses is asked only when the request calls for it.
	// A public route says so; a row that says nothing stops the start.
	Events []string
	handle func(ctx context.Context, c *call) error
}

// Public tells whether the route is served without credentials.
func (r Route) Public() bool { return r.Events != nil && len(r.Events) == 0 }

// public is the policy of a route that nobody has to authenticate for.
func public() []string { return []string{} }

// operator is the policy of a route that no user may use: its handler asks for what the operator alone has.
func operator() []string { return []string{operatorOnly} }

const operatorOnly = "operator"

// Operator tells whether the route is for who runs the server and for no user of it.
func (r Route) Operator() bool { return len(r.Events) == 1 && r.Events[0] == operatorOnly }

// off reports whether platform.json takes the route away. GET /ok stays: by it others see that the server serves.
func (r Route) off(disabled map[string]bool) bool { return disabled[r.Group] && r.Path != "/ok" }

// Served are those of the routes that a server has: not those of disabled groups, and not the front page, which is only another name of /ok,
// where an app may have one.
func Served(routes []Route, app App, disabled map[string]bool) []Route {
	return slices.DeleteFunc(slices.Clone(routes), func(r Route) bool {
		return r.off(disabled) || r.Path == "/" && app.Handler != nil
	})
}

func asks(events ...string) []string { return events }

// The events of a run that is created (auth.md §2.8): its assistant is read unless it is a graph's own, its thread may have to
// be made, and a strategy that stops other runs changes the thread.
func createsRun() []string {
	return asks("threads:create_run", "(assistants:read)", "(threads:create)", "(threads:update)")
}

// followsRun are the events of a route that creates a run and tells of it: whoever may not read it makes none.
func followsRun() []string { return append(asks("threads:read"), createsRun()...) }

// The events of a message of the Model Context Protocol: tools are searched for to be listed and to be called, and a call is a run.
func callsTools() []string {
	return asks("(assistants:search)", "(threads:read)", "(threads:update)", "(threads:create_run)", "(assistants:read)", "(threads:create)")
}

// Routes is the one table of routes. The router is built from it, `locutory routes` prints it, and the two-user test walks it.
//
// A new row needs an Operation of the same method and path in package platform/openapi, without which no server starts; new types of
// package wire are named in its types.go. GET /openapi.json and GET /docs then have it, and the suites of package compat hold its answers
// against it. A path that is no row, such as those of the operator's own handler, is described by Config.Described.
func (s *Server) Routes() []Route {
	const get, post, patch, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete
	return append(s.testRoutes(), []Route{
		{get, "/", "meta", public(), s.ok},
		{get, "/ok", "meta", public(), s.ok},
		{get, "/info", "meta", public(), s.info},
		{get, "/metrics", "meta", operator(), s.metrics},
		{get, "/openapi.json", "meta", public(), s.openAPI},
		{get, "/docs", "meta", public(), s.docs},
		{get, "/platform.schema.json", "meta", public(), s.platformSchema},

		{post, "/mcp", "mcp", callsTools(), s.callTools},
		{post, "/mcp/", "mcp", callsTools(), s.callTools},
		{get, "/mcp", "mcp", public(), s.noEvents},
		{get, "/mcp/", "mcp", public(), s.noEvents},
		{del, "/mcp", "mcp", public(), s.noSession},
		{del, "/mcp/", "mcp", public(), s.noSession},

		{http.MethodPut, "/store/items", "store", asks("store:put"), s.putItem},
		{get, "/store/items", "store", asks("store:get"), s.getItem},
		{del, "/store/items", "store", asks("store:delete"), s.deleteItem},
		{post, "/store/items/search", "store", asks("store:search"), s.searchItems},
		{post, "/store/namespaces", "store", asks("store:list_namespaces"), s.listNamespaces},

		{post, "/assistants", "assistants", asks("assistants:create", "(assistants:read)"), s.createAssistant},
		{post, "/assistants/search", "assistants", asks("assistants:search"), s.searchAssistants},
		{post, "/assistants/count", "assistants", asks("assistants:search"), s.countAssistants},
		{get, "/assistants/:assistant_id", "assistants", asks("assistants:read"), s.getAssistant},
		{patch, "/assistants/:assistant_id", "assistants", asks("assistants:update"), s.patchAssistant},
		{del, "/assistants/:assistant_id", "assistants", asks("assistants:delete", "(threads:update)", "(threads:search)", "(crons:delete)", "(threads:delete)"), s.deleteAssistant},
		{get, "/assistants/:assistant_id/graph", "assistants", asks("assistants:read"), s.assistantGraph},
		{get, "/assistants/:assistant_id/schemas", "assistants", asks("assistants:read"), s.assistantSchemas},
		{get, "/assistants/:assistant_id/subgraphs", "assistants", asks("assistants:read"), s.assistantSubgraphs},
		{get, "/assistants/:assistant_id/subgraphs/:namespace", "assistants", asks("assistants:read"), s.assistantSubgraphs},
		{post, "/assistants/:assistant_id/versions", "assistants", asks("assistants:read"), s.assistantVersions},
		{post, "/assistants/:assistant_id/latest", "assistants", asks("assistants:update"), s.setLatest},

		{post, "/threads", "threads", asks("threads:create", "(threads:update)", "(threads:read)"), s.createThread},
		{post, "/threads/search", "threads", asks("threads:search"), s.searchThreads},
		{post, "/threads/count", "threads", asks("threads:search"), s.countThreads},
		{post, "/threads/prune", "threads", asks("(threads:delete)"), s.pruneThreads},
		{get, "/threads/:thread_id", "threads", asks("threads:read"), s.getThread},
		{patch, "/threads/:thread_id", "threads", asks("threads:update"), s.patchThread},
		{del, "/threads/:thread_id", "threads", asks("threads:delete"), s.deleteThread},
		{post, "/threads/:thread_id/copy", "threads", asks("threads:read", "threads:create"), s.copyThread},
		{get, "/threads/:thread_id/stream", "threads", asks("threads:read"), s.streamThread},
		{get, "/threads/:thread_id/storage", "threads", asks("threads:read"), s.threadStorage},
		{get, "/threads/:thread_id/state", "threads", asks("threads:read"), s.getState},
		{post, "/threads/:thread_id/state", "threads", asks("threads:update"), s.updateState},
		{get, "/threads/:thread_id/state/:checkpoint_id", "threads", asks("threads:read"), s.getStateAt},
		{post, "/threads/:thread_id/state/checkpoint", "threads", asks("threads:read"), s.findState},
		{get, "/threads/:thread_id/history", "threads", asks("threads:read"), s.listHistory},
		{post, "/threads/:thread_id/history", "threads", asks("threads:read"), s.searchHistory},

		{post, "/threads/:thread_id/runs", "runs", createsRun(), s.createRun},
		{post, "/threads/:thread_id/runs/stream", "runs", followsRun(), s.streamRun},
		{post, "/threads/:thread_id/runs/wait", "runs", followsRun(), s.waitRun},
		{get, "/threads/:thread_id/runs", "runs", asks("threads:read"), s.listRuns},
		{get, "/threads/:thread_id/runs/:run_id", "runs", asks("threads:read"), s.getRun},
		{del, "/threads/:thread_id/runs/:run_id", "runs", asks("threads:delete"), s.deleteRun},
		{get, "/threads/:thread_id/runs/:run_id/join", "runs", asks("threads:read", "(threads:update)"), s.joinRun},
		{get, "/threads/:thread_id/runs/:run_id/stream", "runs", asks("threads:read", "(threads:update)"), s.joinStream},
		{get, "/threads/:thread_id/runs/:run_id/feedback", "runs", asks("threads:read"), s.listFeedback},
		{get, "/threads/:thread_id/runs/:run_id/deliveries", "runs", asks("threads:read"), s.listDeliveries},
		{post, "/threads/:thread_id/runs/:run_id/cancel", "runs", asks("threads:update"), s.cancelRun},

		{post, "/runs/crons", "runs", asks("crons:create", "threads:create_run", "(assistants:read)", "threads:create"), s.createCron},
		{post, "/threads/:thread_id/runs/crons", "runs", asks("crons:create", "threads:create_run", "(assistants:read)", "(threads:update)"), s.createCron},
		{post, "/runs/crons/search", "runs", asks("crons:search", "(threads:read)", "(threads:search)"), s.searchCrons},
		{post, "/runs/crons/count", "runs", asks("crons:search", "(threads:read)", "(threads:search)"), s.countCrons},
		{get, "/runs/crons/:cron_id", "runs", asks("crons:read", "(threads:read)"), s.getCron},
		{patch, "/runs/crons/:cron_id", "runs", append(asks("crons:update", "(threads:read)"), createsRun()...), s.patchCron},
		{del, "/runs/crons/:cron_id", "runs", asks("crons:delete", "(threads:read)"), s.deleteCron},

		{post, "/a2a/:assistant_id", "a2a", asksA2A(), s.callAgent},
		{get, "/a2a/:assistant_id/.well-known/agent-card.json", "a2a", asks("assistants:read"), s.agentCard},
		{get, "/.well-known/agent-card.json", "a2a", asks("assistants:read"), s.agentCard},

		{post, "/runs", "runs", createsRun(), s.createRun},
		{post, "/runs/stream", "runs", followsRun(), s.streamRun},
		{post, "/runs/wait", "runs", followsRun(), s.waitRun},
		{post, "/runs/batch", "runs", createsRun(), s.createBatch},
		{post, "/runs/cancel", "runs", asks("threads:update", "(threads:search)"), s.cancelRuns},
		{get, "/runs/:run_id/stream", "runs", asks("threads:read", "(threads:update)"), s.joinStream},
		// Whoever has a link may give feedback: the link is the credential.
		{get, "/feedback/tokens/:token", "runs", public(), s.giveFeedback},
		{post, "/feedback/tokens/:token", "runs", public(), s.giveFeedback},
		{get, "/runs/:run_id/join", "runs", asks("threads:read", "(threads:update)"), s.joinRun},
	}...)
}
