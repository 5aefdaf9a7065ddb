package graphs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// NodeCache keeps what nodes have written, by what they had read. A failure of it fails the run. The engine calls it from the
// run's own goroutine; it is shared by runs and has to be safe for concurrent use.
type NodeCache interface {
	// Get returns the value of a key; ok is false if there is none or it is too old.
	Get(ctx context.Context, key string) (value []byte, ok bool, err error)
	// Put keeps a value for ttl; 0 means for ever.
	Put(ctx context.Context, key string, value []byte, ttl time.Duration) error
}

type cachePolicy struct {
	ttl  time.Duration
	keys []string
}

// Cache lets a node run once for equal inputs within ttl (0: for ever), if the graph or the run has a [NodeCache]. keys are the
// keys of the state, or of a Send's argument, that matter; without them it is all that the node reads. Runs with another user or
// other settings never share. Readers are told of a hit like of a task, marked as cached.
func Cache(ttl time.Duration, keys ...string) NodeOption {
	return func(n *nodeDef) { n.cache = &cachePolicy{ttl, keys} }
}

// WithCache gives a graph's nodes a cache; see [Cache]. [Config].Cache comes first.
func WithCache(c NodeCache) Option { return func(d *definition) { d.cache = c } }

func (r *run) cache() NodeCache {
	if r.cfg.Cache != nil {
		return r.cfg.Cache
	}
	return r.g.cache
}

// recall ends a task with what the cache has of it.
func (r *run) recall(ctx context.Context, t *task) error {
	cache := r.cache()
	if t.node.cache == nil || cache == nil || t.done {
		return nil
	}
	key, err := r.cacheKey(t)
	if err != nil {
		return fmt.Errorf("cache of node %q: %w", t.node.name, err)
	}
	t.cacheKey = key
	value, ok, err := cache.Get(ctx, key)
	if err != nil {
		return fmt.Errorf("cache of node %q: %w", t.node.name, err)
	}
	if !ok {
		return nil
	}
	var writes []Write
	if err := json.Unmarshal(value, &writes); err != nil {
		return fmt.Errorf("cache of node %q: %w", t.node.name, err)
	}
	if err := r.g.restore(t, writes); err != nil {
		return fmt.Errorf("cache of node %q: %w", t.node.name, err)
	}
	return r.keep.putWrites(ctx, r.cp.ID, t.plan.ID, r.g.stored(t))
}

// remember puts what a task has written into the cache.
func (r *run) remember(ctx context.Context, t *task) error {
	if t.cacheKey == "" || !t.done {
		return nil
	}
	if err := r.g.encode(&t.out); err != nil {
		return err
	}
	writes := r.g.stored(t)
	for i := range writes {
		writes[i].Task = ""
	}
	if err := r.cache().Put(ctx, t.cacheKey, mustJSON(writes), t.node.cache.ttl); err != nil {
		return fmt.Errorf("cache of node %q: %w", t.node.name, err)
	}
	return nil
}

// cacheKey names the user, the graph, the node and what it reads.
func (r *run) cacheKey(t *task) (string, error) {
	input, err := r.cacheInput(t)
	if err != nil {
		return "", err
	}
	settings, err := r.settings()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(slices.Concat(settings, []byte{0}, input))
	user := ""
	if r.cfg.User != nil {
		user = strconv.Quote(r.cfg.User.Identity) // in clear: users are kept apart by more than a hash
	}
	var key strings.Builder
	key.WriteString(user + "/" + r.cfg.GraphID)
	for segment := range strings.SplitSeq(r.ns, "|") {
		name, _, _ := strings.Cut(segment, ":")
		key.WriteString("/" + name)
	}
	key.WriteString("/" + t.node.name + "/" + hex.EncodeToString(sum[:]))
	return key.String(), nil
}

// settings are what [ContextFrom] reads, without what says only where a run is.
func (r *run) settings() (json.RawMessage, error) {
	if raw := r.cfg.Context; len(raw) > 0 && string(raw) != "null" && string(raw) != "{}" {
		return raw, nil
	}
	about := make(map[string]json.RawMessage, len(r.cfg.Configurable))
	for key, value := range r.cfg.Configurable {
		if !notMetadata[key] && !strings.HasPrefix(key, "__") && !strings.HasPrefix(key, "langgraph_auth_") && key != "run_id" {
			about[key] = value
		}
	}
	return json.Marshal(about)
}

// cacheInput is what matters of a task's input.
func (r *run) cacheInput(t *task) (json.RawMessage, error) {
	raw := t.plan.Input
	if !t.isPush() {
		return r.cacheState(t)
	}
	if raw == nil {
		var err error
		if raw, err = json.Marshal(t.arg); err != nil {
			return nil, err
		}
	}
	var object map[string]json.RawMessage
	if len(t.node.cache.keys) == 0 || json.Unmarshal(raw, &object) != nil {
		return raw, nil
	}
	values := make(map[string]json.RawMessage, len(t.node.cache.keys))
	for _, key := range t.node.cache.keys {
		values[key] = object[key]
	}
	return json.Marshal(values)
}

func (r *run) cacheState(t *task) (json.RawMessage, error) {
	values := map[string]json.RawMessage{}
	put := func(at int) error {
		raw, err := r.cells[at].json(&r.g.channels[at])
		if raw != nil {
			values[r.g.channels[at].name] = raw
		}
		return err
	}
	for _, key := range t.node.cache.keys {
		if err := put(r.g.byName[key]); err != nil {
			return nil, err
		}
	}
	if len(t.node.cache.keys) > 0 {
		return json.Marshal(values)
	}
	for _, f := range t.node.in.fields {
		if err := put(f.channel); err != nil {
			return nil, err
		}
	}
	return json.Marshal(values)
}
