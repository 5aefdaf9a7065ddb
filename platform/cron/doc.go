// Package cron makes runs of crons that are due.
//
// A cron acts as the user who made it, whenever it fires: the [Scheduler] asks the operator's Resolve whether that user may still
// act, then the hooks, in his name and with the origin cron, whether he may still read the cron and start the run. The run
// itself is made by package runs, like everyone's. Whoever was refused gets no run; whoever must not act at all has his cron paused.
//
// Several processes may run a Scheduler on one database. A due cron is held by one of them for the time of a lease, each of its
// times is claimed once, and the claim has the id of the run: a process that dies in between leaves a run that is there or is not,
// and never a second one.
//
// The package refuses to make up for what was missed: a time that passed while nobody was there to fire it is logged and left,
// and the next one fires.
//
//	schedule, err := cron.Parse("0 8 * * MON-FRI", "Europe/Berlin")
//	next := schedule.After(time.Now())
package cron
