// Package worker executes a claimed run: it finds out as whom, loads the graph, runs it, keeps what happens, and ends the run.
//
// A [Worker] is what a queue calls. It holds nothing between runs. While a run executes, everything it stores goes through the
// journal of package events, under the run's lease; when the lease is lost it stops at once and stores nothing more. Errors of
// the graph become the run's failure, here and nowhere else, and a panic of user code never ends the process.
//
// The package refuses to decide when a run is due, to answer requests, and to trust a word of a config about who the user is.
//
//	w := worker.New(worker.Config{DB: db, Hub: hub, Guard: guard, Graphs: registry})
//	q, err := queue.New(queue.Config{Store: db.Runs, Bell: hub.Bell(), Run: w.Run})
package worker
