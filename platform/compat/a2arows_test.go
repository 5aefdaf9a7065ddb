package compat

import "strings"

// agentCall is a request to an agent.
func agentCall(method, params string) string {
	return `{"jsonrpc": "2.0", "id": 1, "method": "` + method + `", "params": {` + params + `}}`
}

// agentSays is a request that says something; where is the context or the task.
func agentSays(method, where string) string {
	kind := ""
	if strings.Contains(method, "/") {
		kind = `"kind": "text", `
	}
	return agentCall(method, `"message": {"messageId": "m", "role": "user", `+where+`"parts": [{`+kind+`"text": "hello"}]}`)
}

// agentUsers are the rows of the methods of both versions of the protocol, on a user's own assistant and on the graph's, which is
// everybody's.
func agentUsers() map[string]row {
	const (
		path   = "POST /a2a/:assistant_id"
		system = "/a2a/agent"
		noneOf = `{"jsonrpc":"2.0","id":1,"result":{"nextPageToken":"","pageSize":50,"tasks":[],"totalSize":0}}`
	)
	all := map[string]row{
		path + " ListTasks": {own: 200, body: agentCall("ListTasks", ``), shows: `"id":"{run}"`, tries: []try{
			{body: agentCall("ListTasks", ``)},
			{path: system, body: agentCall("ListTasks", ``), want: without},
			{path: system, body: agentCall("ListTasks", `"historyLength": 10, "includeArtifacts": true, "pageSize": 100`), want: without},
			{path: system, body: agentCall("ListTasks", `"contextId": "{thread}"`), want: noneOf},
			{path: system, body: agentCall("ListTasks", `"contextId": "{busy}", "status": "TASK_STATE_SUBMITTED"`), want: noneOf},
		}},
	}
	for _, method := range []string{"SendMessage", "SendStreamingMessage", "message/send", "message/stream"} {
		noContext := agentError(method, `{"code":-32602,"message":"message.contextId: no such context; leave it out to begin one"`)
		otherContext := agentError(method, `{"code":-32602,"message":"message.contextId is not that of message.taskId"`)
		all[path+" "+method] = row{own: 200, body: agentSays(method, `"contextId": "{thread}", `), shows: `"echo: hello"`, tries: []try{
			{body: agentSays(method, ``)}, // the assistant is Alice's
			{body: agentSays(method, `"contextId": "{mine}", `)},
			{path: system, body: agentSays(method, `"contextId": "{thread}", `), want: noContext},
			{path: system, body: agentSays(method, `"contextId": "{busy}", `), want: noContext},
			{path: system, body: agentSays(method, `"contextId": "{kept}", `), want: noContext},
			{path: system, body: agentSays(method, `"taskId": "{run}", `), want: noTask(method)},
			{path: system, body: agentSays(method, `"taskId": "{thread}:{run}", `), want: noTask(method)},
			{path: system, body: agentSays(method, `"contextId": "{mine}", "taskId": "{pending}", `), want: otherContext},
			{path: system, body: agentSays(method, `"contextId": "{mine}", "taskId": "{new}", `), want: otherContext},
			{path: system, body: agentSays(method, `"contextId": "{mine}", "taskId": "{busy}:{pending}", `), want: otherContext},
			{path: system, body: agentSays(method, `"contextId": "{busy}", "taskId": "{myrun}", `), want: otherContext},
			{path: system, body: agentSays(method, `"contextId": "{new}", "taskId": "{myrun}", `), want: otherContext},
		}}
	}
	for method, owns := range map[string]row{
		"GetTask":           {body: `"id": "{run}"`, shows: `"contextId":"{thread}"`},
		"tasks/get":         {body: `"id": "{thread}:{run}"`, shows: `"contextId":"{thread}"`},
		"CancelTask":        {path: system, body: `"id": "{pending}"`, shows: `"state":"TASK_STATE_CANCELED"`},
		"tasks/cancel":      {path: system, body: `"id": "{pending}"`, shows: `"state":"canceled"`},
		"SubscribeToTask":   {body: `"id": "{run}"`, shows: `"code":-32004`},
		"tasks/resubscribe": {body: `"id": "{run}"`, shows: `"code":-32004`},
	} {
		r := row{own: 200, path: owns.path, body: agentCall(method, owns.body), shows: owns.shows, tries: []try{{body: agentCall(method, `"id": "{run}"`)}}}
		for _, id := range []string{"{run}", "{pending}", "{loose}", "{thread}:{run}", "{busy}:{pending}", "{mine}:{pending}", "{thread}:{myrun}"} {
			r.tries = append(r.tries, try{path: system, body: agentCall(method, `"id": "`+id+`"`), want: noTask(method)})
		}
		all[path+" "+method] = r
	}
	for _, method := range []string{"GetExtendedAgentCard", "agent/getAuthenticatedExtendedCard"} {
		all[path+" "+method] = row{own: 200, body: agentCall(method, ``), shows: `"name":"{marker}"`, tries: []try{{body: agentCall(method, ``)}}}
	}
	for _, method := range []string{
		"CreateTaskPushNotificationConfig", "GetTaskPushNotificationConfig", "ListTaskPushNotificationConfigs", "DeleteTaskPushNotificationConfig",
		"tasks/pushNotificationConfig/set", "tasks/pushNotificationConfig/get", "tasks/pushNotificationConfig/list", "tasks/pushNotificationConfig/delete",
	} {
		body := agentCall(method, `"taskId": "{run}"`)
		all[path+" "+method] = row{own: 200, body: body, shows: `"code":-32003`, tries: []try{
			{body: body},
			{path: system, body: body, want: agentError(method, `{"code":-32003,"message":"push notifications are not supported; follow the task's stream, or ask for the task"`)},
		}}
	}
	return all
}

// noTask is what everybody gets who names a task that is not there, or not his.
func noTask(method string) string {
	return agentError(method, `{"code":-32001,"message":"Task not found"`)
}

// agentError is the answer with an error, which version 1.0 writes with a reason for machines.
func agentError(method, failure string) string {
	reasons := map[string]string{"-32001": "TASK_NOT_FOUND", "-32003": "PUSH_NOTIFICATION_NOT_SUPPORTED"}
	for code, reason := range reasons {
		if strings.Contains(failure, code) && !strings.Contains(method, "/") {
			failure += `,"data":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","domain":"a2a-protocol.org","reason":"` + reason + `"}]`
		}
	}
	answer := `{"jsonrpc":"2.0","id":1,"error":` + failure + `}}`
	if method == "message/stream" || method == "tasks/resubscribe" { // of clients that only read events there
		return "data: " + answer
	}
	return answer
}
