// Package runs is the life of a run as its callers see it: create it, follow its stream, wait for its end, cancel it.
//
// [Runs.Create] is the one way to a run, whatever asked for it. It asks the operator's hooks every question that the run raises, and
// only then touches a row, so that no answer tells apart what is not there from what is not the caller's. Executing is not done
// here: a row that was inserted is what a worker claims.
//
// The package refuses to forward what the store does alone: runs are listed, read and deleted there.
//
//	life := runs.New(runs.Config{DB: db, Hub: hub, Guard: guard, Graphs: registry})
//	run, err := life.Create(ctx, runs.CreateRequest{ThreadID: id, Body: body})
//	...
//	for frame, err := range life.Stream(ctx, read, run, -1, options) {
package runs
