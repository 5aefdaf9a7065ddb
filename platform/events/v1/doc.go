// Package v1 turns the records of one run into the frames of the run-centric stream (contract/streaming.md §1).
//
// A [Fold] is pure: equal records and options make equal frames, so a stream that broke is taken up again by folding from the
// run's start and dropping the frames that the client has. The package refuses to keep anything between readers and to invent
// what the records do not say.
//
//	fold := v1.NewFold(v1.Options{Modes: modes}, run, base)
//	frames, err := fold.Apply(record)
package v1
