package graphs

import (
	"maps"
	"slices"
	"strings"
)

// Schemas implements [Runnable].
func (g *graph) Schemas() Schemas { return g.schemas }

// Draw implements [Runnable]: nodes and edges in the order they were added, conditional edges to all that they may lead to.
//
// With xray, nodes that are graphs are drawn as what is in them, so many levels deep.
func (g *graph) Draw(xray int) Drawing {
	d := Drawing{
		Nodes: []DrawnNode{{ID: Start, Type: "schema", Data: Start}},
		Edges: []DrawnEdge{},
	}
	for i := range g.nodes[1:] {
		n := &g.nodes[i+1]
		d.Nodes = append(d.Nodes, DrawnNode{
			ID: n.name, Type: "runnable",
			Data:     map[string]any{"id": []string{"graphs", "Node"}, "name": n.name},
			Metadata: g.nodeMetadata(n),
		})
	}
	d.Nodes = append(d.Nodes, DrawnNode{ID: End, Type: "schema", Data: End})
	for _, e := range g.drawn {
		d.Edges = append(d.Edges, DrawnEdge{Source: e.from, Target: e.to})
	}
	for i := range g.nodes {
		g.drawBranches(&d, &g.nodes[i])
	}
	g.drawEnds(&d)
	if xray > 0 {
		for i := range g.nodes {
			if n := &g.nodes[i]; n.known != nil {
				d.open(n.name, n.known.Draw(xray-1))
			}
		}
	}
	return d
}

// open replaces a node by the drawing of what is in it. Where that begins and ends with one node each, the edges lead there, else the
// start and the end inside stay nodes of the drawing.
func (d *Drawing) open(name string, inner Drawing) {
	first, last := Start, End
	if e := inner.only(func(e DrawnEdge) bool { return e.Source == Start }); e != nil && e.Target != End &&
		inner.only(func(other DrawnEdge) bool { return other.Target == e.Target }) != nil {
		first = e.Target
	}
	if e := inner.only(func(e DrawnEdge) bool { return e.Target == End }); e != nil && e.Source != Start &&
		inner.only(func(other DrawnEdge) bool { return other.Source == e.Source }) != nil {
		last = e.Source
	}
	prefix := name + ":"
	var edges []DrawnEdge
	for _, e := range inner.Edges {
		if e.Source == Start && first != Start || e.Target == End && last != End {
			continue
		}
		e.Source, e.Target = prefix+e.Source, prefix+e.Target
		edges = append(edges, e)
	}
	for _, e := range d.Edges {
		if e.Source == name {
			e.Source = prefix + last
		}
		if e.Target == name {
			e.Target = prefix + first
		}
		edges = append(edges, e)
	}
	nodes := make([]DrawnNode, 0, len(inner.Nodes))
	for _, n := range inner.Nodes {
		if n.ID == Start && first != Start || n.ID == End && last != End {
			continue
		}
		n.ID = prefix + n.ID
		nodes = append(nodes, n)
	}
	at := slices.IndexFunc(d.Nodes, func(n DrawnNode) bool { return n.ID == name })
	d.Nodes = slices.Replace(d.Nodes, at, at+1, nodes...)
	d.Edges = edges
}

// only returns the one edge that there is of a kind, unless it is conditional; nil if there are others.
func (d *Drawing) only(is func(DrawnEdge) bool) *DrawnEdge {
	var found *DrawnEdge
	for i := range d.Edges {
		e := &d.Edges[i]
		switch {
		case !is(*e):
		case found != nil || e.Conditional:
			return nil
		default:
			found = e
		}
	}
	return found
}

func (g *graph) nodeMetadata(n *node) map[string]any {
	m := maps.Clone(n.meta)
	var stops []string
	if slices.Contains(g.before, n.name) || slices.Contains(g.before, "*") {
		stops = append(stops, "before")
	}
	if slices.Contains(g.after, n.name) || slices.Contains(g.after, "*") {
		stops = append(stops, "after")
	}
	if m == nil && (n.deferred || len(stops) > 0) {
		m = map[string]any{}
	}
	if n.deferred {
		m["defer"] = true
	}
	if len(stops) > 0 {
		m["__interrupt"] = strings.Join(stops, ",")
	}
	return m
}

func (g *graph) drawBranches(d *Drawing, n *node) {
	for _, b := range n.branches {
		targets := b.targets
		if b.allowed == nil {
			for i := range g.nodes[1:] {
				targets = append(targets, g.nodes[i+1].name)
			}
			targets = append(targets, End)
		}
		for _, to := range targets {
			d.Edges = append(d.Edges, DrawnEdge{Source: n.name, Target: to, Conditional: true})
		}
	}
	for _, to := range n.goes {
		d.Edges = append(d.Edges, DrawnEdge{Source: n.name, Target: g.nodes[to].name, Conditional: true})
	}
}

// drawEnds leads nodes that nothing follows to End.
func (g *graph) drawEnds(d *Drawing) {
	leaves := map[string]bool{}
	for i := range g.nodes {
		leaves[g.nodes[i].name] = true
	}
	for _, e := range d.Edges {
		delete(leaves, e.Source)
	}
	for i := range g.nodes {
		if name := g.nodes[i].name; leaves[name] {
			d.Edges = append(d.Edges, DrawnEdge{Source: name, Target: End})
		}
	}
}
