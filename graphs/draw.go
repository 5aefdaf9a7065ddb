package graphs

import "maps"

// Schemas implements [Runnable].
func (g *graph) Schemas() Schemas { return g.schemas }

// Draw implements [Runnable]: nodes and edges in the order they were added, conditional edges to all that they may lead to.
func (g *graph) Draw(int) Drawing {
	d := Drawing{
		Nodes: []DrawnNode{{ID: Start, Type: "schema", Data: Start}},
		Edges: []DrawnEdge{},
	}
	for i := range g.nodes[1:] {
		n := &g.nodes[i+1]
		d.Nodes = append(d.Nodes, DrawnNode{
			ID: n.name, Type: "runnable",
			Data:     map[string]any{"id": []string{"graphs", "Node"}, "name": n.name},
			Metadata: maps.Clone(n.meta),
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
	return d
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
