package memory

import (
	"context"
	"sync"
	"time"

	"github.com/locutory/locutory/graphs"
)

// Cache is a [graphs.NodeCache] in memory. It is safe for concurrent use; the zero value is empty and has no limit.
type Cache struct {
	// Limit is the greatest number of values; 0 means none. When it is reached, the oldest value goes.
	Limit int
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	mu     sync.Mutex
	values map[string]cached
	order  []string // keys, the oldest first
}

type cached struct {
	value []byte
	until time.Time // zero: for ever
}

var _ graphs.NodeCache = (*Cache)(nil)

// Get implements [graphs.NodeCache].
func (c *Cache) Get(_ context.Context, key string) ([]byte, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v, ok := c.values[key]
	if !ok || !v.until.IsZero() && !c.now().Before(v.until) {
		return nil, false, nil
	}
	return v.value, true, nil
}

// Put implements [graphs.NodeCache]. The value must not be changed afterwards.
func (c *Cache) Put(_ context.Context, key string, value []byte, ttl time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.values == nil {
		c.values = map[string]cached{}
	}
	v := cached{value: value}
	if ttl > 0 {
		v.until = c.now().Add(ttl)
	}
	if _, again := c.values[key]; !again {
		c.order = append(c.order, key)
	}
	c.values[key] = v
	for c.Limit > 0 && len(c.order) > c.Limit {
		delete(c.values, c.order[0])
		c.order = c.order[1:]
	}
	return nil
}

func (c *Cache) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}
