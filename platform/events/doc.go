// Package events is what a run tells while it happens, on its way to the log and to those who listen.
//
// A graph yields [graphs.Event] values. The [Journal] of the executing run numbers them, shows each at once to the [Hub] of this
// process, and commits them to the thread's log together with the checkpoints they belong to. A [Follower] joins the two again:
// it reads the log and then the Hub, and yields every [Record] of a run once and in order, whoever executes the run. Wire
// protocols are pure folds of those records; package v1 is one.
//
// The package refuses to store a view, to hold a whole state in an event, to make a slow reader hold up a run, and to end a
// stream cleanly before the run has ended: an end that is not the run's end is always an error.
//
//	for record, err := range follower.Run(ctx, scope, threadID, runID, -1) {
//		if err != nil {
//			return err // the connection breaks; the client comes back with the id it has
//		}
//		frames, err := fold.Apply(record)
//		...
//	}
package events
