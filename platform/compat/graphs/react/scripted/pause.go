package scripted

import (
	"context"
	"time"
)

// Pause waits, as long as the run goes on.
func Pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
