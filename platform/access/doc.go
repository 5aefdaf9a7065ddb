// Package access asks the operator's hooks who a caller is and what he may do, and turns the answer into a scope, without which
// package store reads and writes nothing.
//
// A scope says who asks, what for, and which rows the answer reaches. There is one type per resource, so that the scope of an
// assistant does not compile where a thread's is wanted; a zero scope and one of another action are errors. Scopes come from a
// [Guard], for a caller who is in the context, or from [System], for those who act for no one: every use of it is listed by a test.
//
// The package refuses to decide anything itself but for one thing: what happens when no rule matches.
//
//	ctx = access.With(ctx, access.Caller{User: user, Origin: authhooks.OriginAPI})
//	value := &authhooks.ThreadsCreate{Metadata: body.Metadata}
//	scope, err := guard.Threads(ctx, value) // value holds what the handler made of it
//	if err != nil {
//		return err // *authhooks.Error: 403, 404, 500 ...
//	}
//	thread, err := db.Threads.Create(ctx, scope, nil, store.ThreadNew{Metadata: value.Metadata})
package access
