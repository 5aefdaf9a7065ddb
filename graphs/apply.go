package graphs

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// applied is what a step's writes have made of the cells.
type applied struct {
	changed, dropped []int // channels
	joined           []int // joins that are complete
	changes          map[string]Change
	patch            map[string]ChannelPatch
}

// apply reduces writes into the cells. Ephemeral values that nobody renews are dropped. What it returns is good until the next apply.
func (r *run) apply(outs []*outcome) (ap applied, err error) {
	defer caught(&err)
	ap.changed = r.changed[:0]
	defer func() { r.changed = ap.changed }()
	if len(outs) == 0 {
		r.forget(&ap)
		return ap, nil
	}
	if len(outs) == 1 && isOrdered(outs[0].writes) {
		return ap, r.applyOne(&ap, outs)
	}
	if r.scratch == nil {
		r.scratch = make([][]write, len(r.cells))
	}
	for _, out := range outs {
		for i := range out.writes {
			at := out.writes[i].ch
			if len(r.scratch[at]) == 0 {
				ap.changed = append(ap.changed, at)
			}
			r.scratch[at] = append(r.scratch[at], out.writes[i])
		}
	}
	defer func() {
		for _, at := range ap.changed {
			clear(r.scratch[at])
			r.scratch[at] = r.scratch[at][:0]
		}
	}()
	slices.Sort(ap.changed)
	r.forget(&ap)
	for _, at := range ap.changed {
		if err := r.reduce(&ap, at, r.scratch[at]); err != nil {
			return ap, r.blame(err, at, outs)
		}
	}
	return ap, r.arrive(&ap, outs)
}

// isOrdered reports whether each channel is written once, in the order of channels: then no sorting is needed.
func isOrdered(writes []write) bool {
	for i := 1; i < len(writes); i++ {
		if writes[i].ch <= writes[i-1].ch {
			return false
		}
	}
	return true
}

// applyOne is apply for a single task.
func (r *run) applyOne(ap *applied, outs []*outcome) error {
	writes := outs[0].writes
	for i := range writes {
		ap.changed = append(ap.changed, writes[i].ch)
	}
	r.forget(ap)
	if ahead := outs[0].ahead; ahead != nil {
		for i := range ahead {
			r.replace(ap, writes[i].ch, ahead[i].cell, ahead[i].patch)
		}
		return r.arrive(ap, outs)
	}
	for i := range writes {
		if err := r.reduce(ap, writes[i].ch, writes[i:i+1]); err != nil {
			return r.blame(err, writes[i].ch, outs)
		}
	}
	return r.arrive(ap, outs)
}

// blame names the nodes whose writes a channel could not take. What came from outside is nobody's.
func (r *run) blame(err error, channel int, outs []*outcome) error {
	var writers []*outcome
	for _, out := range outs {
		if out.from != "" && out.from != Start && slices.ContainsFunc(out.writes, func(w write) bool { return w.ch == channel }) {
			writers = append(writers, out)
		}
	}
	switch len(writers) {
	case 0:
		return err
	case 1:
		failed := &NodeError{Node: writers[0].from, Err: err}
		for _, t := range r.tasks {
			if &t.out == writers[0] {
				r.identify(t)
				failed.Task = t.plan.ID
			}
		}
		return failed
	}
	names := make([]string, len(writers))
	for i, out := range writers {
		names[i] = strconv.Quote(out.from)
	}
	return &classed{err, err.Error() + "; it was written by " + strings.Join(names, ", ")}
}

// forget drops ephemeral values that are not renewed.
func (r *run) forget(ap *applied) {
	for _, at := range r.g.ephemeral {
		if c := &r.cells[at]; c.ok && !slices.Contains(ap.changed, at) {
			*c = cell{version: c.version}
			ap.dropped = append(ap.dropped, at)
			r.note(ap, at, "", ChannelPatch{})
		}
	}
}

func (r *run) reduce(ap *applied, at int, writes []write) error {
	next, patch, err := r.g.channels[at].reduce(r.cells[at], writes, r.encode, false)
	if err != nil {
		return err
	}
	r.replace(ap, at, next, patch)
	return nil
}

func (r *run) replace(ap *applied, at int, next cell, patch ChannelPatch) {
	base := r.cells[at].version
	r.cells[at] = next
	r.note(ap, at, base, patch)
}

// note records a change for the saver and for readers.
func (r *run) note(ap *applied, at int, base string, patch ChannelPatch) {
	ch := &r.g.channels[at]
	if !r.encode || !ch.stored() {
		return
	}
	if ch.isState() && (r.yield != nil || r.writing) {
		if ap.patch == nil {
			ap.patch = make(map[string]ChannelPatch, len(ap.changed))
		}
		ap.patch[ch.name] = patch
	}
	if r.keep.saver == nil || !r.cells[at].ok {
		return
	}
	if ap.changes == nil {
		ap.changes = make(map[string]Change, len(ap.changed))
	}
	if base == "" && patch.List && patch.Keep > 0 { // the items kept are in no checkpoint: the channel's default
		raw, err := r.cells[at].encode()
		if err == nil {
			patch = ChannelPatch{Set: raw}
		}
	}
	ap.changes[ch.name] = Change{Base: base, Patch: patch, Whole: whole(patch, &r.cells[at])}
}

// whole encodes what a cell holds now, at any time.
func whole(patch ChannelPatch, c *cell) func() (json.RawMessage, error) {
	if set := patch.Set; set != nil {
		return func() (json.RawMessage, error) { return set, nil }
	}
	value := *c
	return value.encode
}

// arrive marks joins and finds those that are complete; they begin anew.
func (r *run) arrive(ap *applied, outs []*outcome) error {
	for at := range r.g.joins {
		var writes []write
		j := &r.g.joins[at]
		for _, out := range outs {
			if slices.Contains(out.joins, at) {
				writes = append(writes, write{ch: j.channel, val: []string{out.from}})
			}
		}
		if len(writes) == 0 {
			continue
		}
		ch, old := &r.g.channels[j.channel], r.cells[j.channel]
		next, patch, err := ch.reduce(old, writes, r.encode, false)
		if err != nil {
			return err
		}
		if len(next.val.([]string)) < len(j.from) && !r.awaits(j) {
			r.cells[j.channel] = next
			ap.changed = append(ap.changed, j.channel)
			r.note(ap, j.channel, old.version, patch)
			continue
		}
		r.cells[j.channel] = cell{}
		ap.joined = append(ap.joined, at)
		if old.ok {
			ap.dropped = append(ap.dropped, j.channel)
		}
	}
	return nil
}

// awaits reports whether a caller writes as one of the nodes of a join after the others have arrived: its node has been led to, and
// has not run.
func (r *run) awaits(j *join) bool {
	return r.writing && slices.ContainsFunc(r.tasks, func(t *task) bool {
		if t.done || t.isPush() || t.node != &r.g.nodes[j.to] {
			return false
		}
		return t.node.deferred || slices.Contains(t.plan.Triggers, j.name)
	})
}

// initial collects the defaults that no checkpoint has yet.
func (r *run) initial(ap *applied) {
	for i := range r.cells {
		c := &r.cells[i]
		if !c.ok || c.version != "" || !r.g.channels[i].stored() || slices.Contains(ap.changed, i) {
			continue
		}
		ap.changed = append(ap.changed, i)
		if !r.encode {
			continue
		}
		if raw, err := c.encode(); err == nil {
			r.note(ap, i, "", ChannelPatch{Set: raw})
		}
	}
}
