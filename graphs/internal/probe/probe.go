// Package probe is how graphtest asks the engine to run in ways that only tests want.
package probe

import "context"

type (
	roundTripKey struct{}
	guardKey     struct{}
)

// WithGuard asks that a node which changes what it was given fails.
func WithGuard(ctx context.Context) context.Context { return context.WithValue(ctx, guardKey{}, true) }

// Guard reports whether a node which changes what it was given has to fail.
func Guard(ctx context.Context) bool { return ctx.Value(guardKey{}) != nil }

// WithRoundTrip asks that every write goes through JSON.
func WithRoundTrip(ctx context.Context) context.Context {
	return context.WithValue(ctx, roundTripKey{}, true)
}

// RoundTrip reports whether every write has to go through JSON.
func RoundTrip(ctx context.Context) bool { return ctx.Value(roundTripKey{}) != nil }
