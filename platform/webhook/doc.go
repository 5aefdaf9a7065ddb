// Package webhook tells the ends of runs to the URLs that their callers named (rest.md §5.9).
//
// A run that ends leaves a delivery in the same transaction (see [store.Delivery]), so an end is neither lost nor told for a run that did
// not end. The [Sender] leases what is due, posts it, and tries again, at growing intervals, until the receiver answers with a 2xx or the
// attempts are used up. A receiver may therefore hear of an end twice: the header Locutory-Delivery is the same both times. What becomes
// of a delivery never changes the run.
//
// The package refuses to reach what a caller has no business with (H-26): [Policy] holds the URL against the operator's rules when the
// run is made and again before each attempt, and the address itself when the connection is made, so that a name which resolves to
// another address by then gains nothing. No redirect is followed and no proxy is used. The body holds no principal, and no setting whose
// name says that it is a secret.
//
//	policy := &webhook.Policy{RequireHTTPS: true, MaxLength: 2048}
//	sender := webhook.New(webhook.Config{Outbox: db.Deliveries, Policy: policy, Secrets: []string{"s3cret"}})
//	sender.Run(ctx, "http://127.0.0.1:2024")
package webhook
