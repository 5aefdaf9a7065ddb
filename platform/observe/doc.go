// Package observe counts what a server does, for the person who runs it: requests by route, runs and how they ended, the queue, the
// database's connections, and what goes on in the background.
//
// It holds totals of the whole process, or of the whole database, and nothing else. No label ever names or stands for a user, a
// thread, an assistant or a graph: a label's values are routes of the table, statuses and words of this package. Even so, a total
// tells whoever reads it twice what happened between: how many runs others have. So the numbers are for the operator alone; who
// may read them is decided where they are served, in package api and by the listener of their own that the server can open.
//
// Counting a request costs two lookups and no allocation that lasts. Gauges are read when somebody asks; what needs the database is
// asked for at most once a second, however many ask.
//
//	m := observe.New(slog.Default())
//	m.Watch(observe.Sources{Queue: db.Runs.Depth, Pools: db.Pools})
//	m.Request("GET", "/threads/:thread_id", 200, 3*time.Millisecond)
package observe
