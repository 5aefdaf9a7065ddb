// Package queue runs what is due. A [Queue] claims runs from the store while it has free slots, keeps their leases alive by one
// beat for all of them, and tells each by its context when it must stop and why: a cancel that a user asked for, a lease that was
// lost, or a stop of the process, after which the run is handed back for others.
//
// It decides nothing about a run: what a run does, how it ends and what is stored of it belongs to Config.Run, and the fence
// against two writers belongs to the store. It never holds a transaction while a run executes, and it never claims a run whose
// earlier execution in this process has not returned.
//
//	q, err := queue.New(queue.Config{Store: db.Runs, Workers: 10, Bell: bell, Run: worker.Execute})
//	...
//	err = q.Run(ctx) // returns after ctx ended and every run was finished or handed back
package queue
