package api

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	gateRate  = 20  // requests a second that one address may send for long
	gateBurst = 100 // and at once
	gateMost  = 10_000
)

// gate keeps an address from sending more to the routes that nobody authenticates for than people do. Its zero value is ready. Processes
// do not know of each other's, and behind a proxy all clients are one address: it keeps a flood from the database, not a user from another.
type gate struct {
	mu    sync.Mutex
	known map[netip.Addr]*rate.Limiter
}

// admits reports whether an address may come in now.
func (g *gate) admits(from netip.Addr, now time.Time) bool {
	if from.Is6() { // whoever has one address has all of its network
		if net, err := from.WithZone("").Prefix(64); err == nil {
			from = net.Addr()
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.known == nil || len(g.known) >= gateMost {
		g.forget(now)
	}
	limiter := g.known[from]
	if limiter == nil {
		limiter = rate.NewLimiter(gateRate, gateBurst)
		g.known[from] = limiter
	}
	return limiter.AllowN(now, 1)
}

// forget drops those who have not come for long enough to be as good as new, and all if that is not enough.
func (g *gate) forget(now time.Time) {
	kept := map[netip.Addr]*rate.Limiter{}
	for from, limiter := range g.known {
		if limiter.TokensAt(now) < gateBurst && len(kept) < gateMost/2 {
			kept[from] = limiter
		}
	}
	g.known = kept
}
