// Package a2a lets other agents speak to assistants by the Agent2Agent protocol: JSON-RPC of its versions 1.0 and 0.3, over the same
// runs and threads as every other route.
//
// A context is a thread, and a task is a run. A task that asks for input is a run that paused on an interrupt: the answer starts
// another run of the thread, which goes on with the same task. The names of the methods tell the versions apart: SendMessage is of
// 1.0, message/send of 0.3; they differ in how states are called and how parts and events are wrapped, and [version] is the only one who
// knows.
//
//	agents := a2a.New(a2a.Config{DB: db, Runs: life, Guard: guard, Graphs: graphs, Schemas: schemas})
//	answer, err := agents.Call(ctx, a2a.Request{Assistant: "agent", Body: body})
//
// The package knows no rows but by the scopes that the hooks gave for the caller, and asks them as the REST route with the same effect
// does: threads:read to see a task, threads:update to cancel it, threads:search and threads:read to list tasks, and what package runs asks for a run.
// An assistant, a context or a task of somebody else is answered as one that is not there.
//
// It refuses to hold tasks of its own, to push notifications, and to speak HTTP: that is package api.
package a2a
