package config

import (
	"strings"
	"time"
)

// Store is the section "store": the long-term store.
type Store struct {
	TTL StoreTTL
	// Index is nil when items are not searched by meaning.
	Index *StoreIndex
}

// StoreTTL says how long items live.
type StoreTTL struct {
	// Default is the life of items that do not say so themselves; 0: for ever.
	Default time.Duration
	// RefreshOnRead begins a life anew whenever the item is read. It is true unless the file says otherwise.
	RefreshOnRead bool
	// SweepInterval is how often what has expired is deleted; it is out of sight at once. Five minutes unless the file says otherwise.
	SweepInterval time.Duration
}

// StoreIndex says how items are searched by meaning.
type StoreIndex struct {
	// Embed names a value with EmbedDocuments and EmbedQuery, or a function that returns one and an error.
	Embed Symbol
	// Model is set instead of Embed when the file names a model.
	Model EmbedModel
	// Dims is how many numbers a vector of Embed has.
	Dims int
	// Fields are paths into values, of what is embedded; ["$"], the whole value, unless the file says otherwise.
	Fields []string
	// Pos is the place of "embed" in the file.
	Pos Pos
}

// EmbedModel is a model that embeds, of a provider that is known: openai or ollama.
type EmbedModel struct{ Provider, Name string }

// Embedder returns what the file calls "embed".
func (x *StoreIndex) Embedder() string {
	if x.Model.Provider != "" {
		return x.Model.Provider + ":" + x.Model.Name
	}
	return x.Embed.String()
}

func defaultStore() Store {
	return Store{TTL: StoreTTL{RefreshOnRead: true, SweepInterval: 5 * time.Minute}}
}

func (r *reader) store(p place) Store {
	s := defaultStore()
	r.object(p, fields{
		"index": func(p place) { s.Index = r.storeIndex(p) },
		"ttl": func(p place) {
			r.object(p, fields{
				"default_ttl":            func(p place) { s.TTL.Default = r.minutes(p) },
				"refresh_on_read":        func(p place) { s.TTL.RefreshOnRead = r.boolean(p) },
				"sweep_interval_minutes": func(p place) { s.TTL.SweepInterval = r.minutes(p) },
			})
		},
	})
	return s
}

func (r *reader) storeIndex(p place) *StoreIndex {
	x := &StoreIndex{Fields: []string{"$"}, Pos: p.pos}
	named, sized := false, false
	r.object(p, fields{
		"embed":  func(p place) { named, x.Pos = true, p.pos; r.embedder(p, x) },
		"dims":   func(p place) { sized, x.Dims = true, int(r.whole(p, 1)) },
		"fields": func(p place) { x.Fields = r.texts(p) },
	})
	if _, isObject := p.value.([]member); isObject && !named {
		r.wrong(p, `no "embed"; want {"embed": "./embed:Embedder", "dims": 1536}`)
	} else if isObject && !sized {
		r.wrong(p, `no "dims"; want how many numbers a vector of "embed" has`)
	}
	return x
}

// embedder reads "./dir:Name", or "openai:MODEL" and "ollama:MODEL".
func (r *reader) embedder(p place, x *StoreIndex) {
	written, _ := p.value.(string)
	provider, model, named := strings.Cut(written, ":")
	switch {
	case !named || provider == "" || strings.ContainsAny(provider, `./\`):
		x.Embed = r.symbol(p)
	case provider != "openai" && provider != "ollama":
		r.wrong(p, `%q names a model; want one of "openai:" or "ollama:", or a Go embedder of it, as in "./embed:New"`, written)
	case model == "":
		r.wrong(p, `%q names no model; want one, as in "openai:text-embedding-3-small"`, written)
	default:
		x.Model = EmbedModel{Provider: provider, Name: model}
	}
}
