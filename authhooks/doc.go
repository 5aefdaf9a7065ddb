// Package authhooks is how the people who run an agent server say who may talk to it, and whose rows are whose.
//
// One [Authenticator] turns a request into a [User]. Rules, made by [On] and [OnEvent], answer every further question: may this user
// do this action to this resource, and to which rows? A rule answers with a [Verdict]: [Allow], [Only] the rows that a [Filter]
// matches, [Deny] or [NotFound]. The server puts the filter into the statement that touches the rows, so a row that is not matched
// is not there for that user: 404, on every route and in every search and count.
//
//	// Every user has threads, assistants, crons and store items of his own.
//	var Auth = authhooks.New(authhooks.Bearer(authenticate),
//		authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")))
//
// platform.json names it: "auth": {"path": "./security:Auth"}.
//
// Of all rules that fit, the most specific one runs, alone: resource and action, then the resource, then the action, then the rule for
// everything. So a rule for threads:create takes that one event from a general rule and leaves it the others, while a rule for all
// of threads takes all of them. A call without a rule is denied, unless platform.json says "unhandled": "allow".
//
// # What it refuses
//
// Nothing here lets someone in by accident. The zero Verdict denies. The zero Filter, a filter with an unknown operator and a nil value
// are errors, never "every row"; [In] of nothing is no row. An error, a panic and a handler that takes longer than two seconds deny.
// A second authenticator does not compile, and none does not either. Mistakes in rules stop the server at the start, each with
// its file and line ([Auth.Validate]). A [Handler] cannot answer 401, at which clients would log their user out.
//
// There is no request body to look at, and no way to ask for the rows themselves: what a rule needs to know stands in the row's metadata,
// where [Call.Stamp] put it.
//
// The package imports the standard library only. Package authtest tests hooks without a server; package jwt is a ready authenticator.
package authhooks
