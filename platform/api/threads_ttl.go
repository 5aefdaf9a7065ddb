package api

import (
	"time"

	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// storeTTL is the life that a client asks for; nil for none.
func storeTTL(ttl *wire.TTL) *store.TTL {
	if ttl == nil {
		return nil
	}
	return &store.TTL{Minutes: ttl.Minutes, Strategy: string(ttl.Strategy)}
}

// lifeOf is a TTL as hooks see it.
func lifeOf(ttl *store.TTL) *time.Duration {
	if ttl == nil {
		return nil
	}
	life := time.Duration(ttl.Minutes * float64(time.Minute))
	return &life
}

func wireTTL(ttl *store.TTL) *wire.ThreadTTL {
	if ttl == nil {
		return nil
	}
	out := &wire.ThreadTTL{Strategy: wire.TTLStrategy(ttl.Strategy), TTLMinutes: ttl.Minutes}
	if !ttl.ExpiresAt.IsZero() {
		at := wire.At(ttl.ExpiresAt)
		out.ExpiresAt = &at
	}
	return out
}
