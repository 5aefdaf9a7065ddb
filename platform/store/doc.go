// Package store keeps assistants, threads, runs, checkpoints and events in SQLite or Postgres. It is the only package that knows
// a database.
//
// Every method takes a scope of package access and puts its filter into the one statement that reads or changes the row, so a row
// that the caller may not see is exactly a row that is not there: [ErrNotFound]. A zero scope, or one that was made for another
// action, is an error before any SQL. Runs, checkpoints, values and events have no owner; they are reached through their
// thread's row. Those who hold the lease of a run show it instead of a scope.
//
// The package refuses to load a row first and judge it afterwards, to build SQL from a value, and to merge two users' rows
// because an id was guessed.
//
//	db, err := store.Open(ctx, store.Config{URI: ".locutory/data/locutory.db", Indexed: []string{"owner"}})
//	...
//	scope, err := guard.Threads(ctx, &authhooks.ThreadsRead{})
//	...
//	thread, err := db.Threads.Get(ctx, scope, id)
//
// gorm is used as a query builder alone: no hooks, no soft delete, no associations, no AutoMigrate.
package store
