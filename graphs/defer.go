package graphs

import "slices"

// Defer lets a node wait until nothing else is left to do: what leads to it is remembered, and when a step would otherwise be the
// last, all nodes that wait run together. A [Send] to it does not wait.
func Defer() NodeOption { return func(n *nodeDef) { n.deferred = true } }

// waitingChannel holds the names of the deferred nodes that are led to.
const waitingChannel = "wait:deferred"

// hold takes deferred nodes out of the plans while there are others, and puts in all that wait when there are none.
func (r *run) hold(plans []plan, ap *applied) ([]plan, error) {
	at := r.g.waiting
	if at == 0 {
		return plans, nil
	}
	var waiting []string
	if c := &r.cells[at]; c.ok {
		val, err := c.value(&r.g.channels[at])
		if err != nil {
			return nil, err
		}
		waiting = slices.Clone(val.([]string))
	}
	rest := plans[:0]
	for _, p := range plans {
		n := &r.g.nodes[p.node]
		switch {
		case p.push || !n.deferred:
			rest = append(rest, p)
		case !slices.Contains(waiting, n.name):
			waiting = append(waiting, n.name)
		}
	}
	if len(rest) > 0 {
		return rest, r.keepWaiting(waiting, ap)
	}
	if err := r.keepWaiting(nil, ap); err != nil {
		return nil, err
	}
	for _, name := range waiting {
		to := r.g.byNode[name]
		rest = append(rest, plan{node: to, trigger: r.g.nodes[to].triggers})
	}
	r.sortPlans(rest)
	return rest, nil
}

func (r *run) keepWaiting(names []string, ap *applied) error {
	at := r.g.waiting
	old := r.cells[at]
	before, _ := old.val.([]string)
	if slices.Equal(before, names) {
		return nil
	}
	if len(names) == 0 {
		r.cells[at] = cell{}
		ap.dropped = append(ap.dropped, at)
		return nil
	}
	next, patch, err := r.g.channels[at].whole(names, nil, r.encode)
	if err != nil {
		return err
	}
	r.cells[at] = next
	ap.changed = append(ap.changed, at)
	r.note(ap, at, old.version, patch)
	return nil
}
