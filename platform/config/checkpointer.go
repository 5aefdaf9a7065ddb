package config

import (
	"encoding/json"
	"time"
)

// Checkpointer is the section "checkpointer".
type Checkpointer struct {
	// Strategy is what becomes of threads whose time is over: "delete" (the default) or "keep_latest".
	Strategy string
	// TTL is the time of threads that are made without one of their own; 0 means that they stay.
	TTL time.Duration
	// SweepEvery is how often the server looks for threads whose time is over, SweepLimit how many it then takes at most.
	SweepEvery time.Duration
	SweepLimit int
}

func defaultCheckpointer() Checkpointer {
	return Checkpointer{Strategy: "delete", SweepEvery: 5 * time.Minute, SweepLimit: 1000}
}

func (r *reader) checkpointer(p place) Checkpointer {
	c := defaultCheckpointer()
	r.object(p, fields{
		"ttl": func(p place) {
			r.object(p, fields{
				"strategy":               func(p place) { c.Strategy = r.choice(p, "delete", "keep_latest") },
				"default_ttl":            func(p place) { c.TTL = r.minutes(p) },
				"sweep_interval_minutes": func(p place) { c.SweepEvery = r.minutes(p) },
				"sweep_limit":            func(p place) { c.SweepLimit = int(r.whole(p, 1)) },
			})
		},
	}, fields{
		"path":  r.refused("names a Python class; checkpoints lie in the server's database"),
		"serde": r.refused("names a Python class; checkpoints are JSON"),
	})
	return c
}

// minutes reads a number of minutes above zero, such as 0.5, of at most a hundred years.
func (r *reader) minutes(p place) time.Duration {
	const most = 100 * 365 * 24 * 60
	number, ok := p.value.(json.Number)
	if !ok {
		r.wrong(p, "%s; want a number of minutes", kind(p.value))
		return 0
	}
	f, err := number.Float64()
	if d := time.Duration(f * float64(time.Minute)); err == nil && d > 0 && f <= most {
		return d
	}
	r.wrong(p, "%s; want a number of minutes above 0 and at most %d", number, most)
	return 0
}
