// Package wire is the HTTP contract in Go: the bodies that clients send and the objects that they get back,
// with exactly the keys, nulls and empty values that the official Python and JavaScript clients expect.
//
// It holds shapes only. It refuses to know who asks, what is stored and how a run is executed, and it imports
// the standard library alone, so that clients may depend on it for free.
//
// JSON that the server merely carries (values, input, an interrupt's value, kwargs) stays a [json.RawMessage].
// Objects whose keys are looked at or merged (metadata, context, configurable) are an [Object], which keeps
// big integers exact and is never null. In requests null means the same as absent; where it does not, the
// field is an [Optional].
//
//	var body wire.ThreadSearch
//	if err := wire.Decode(raw, &body); err != nil {
//		return err // a *wire.BodyError: malformed (400) or invalid (422), with a text for the client
//	}
//	limit := body.Limit.Or(10)
package wire
