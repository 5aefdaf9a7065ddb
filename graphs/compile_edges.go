package graphs

import (
	"reflect"
	"slices"
	"strings"
)

func (c *compiler) edges() {
	for _, e := range c.d.edges {
		from, ok := c.source(e.from, "AddEdge", e.to)
		to, ok2 := c.target(e.to, "AddEdge from", e.from)
		if !ok || !ok2 {
			continue
		}
		c.g.drawn = append(c.g.drawn, e)
		if to > 0 && !slices.Contains(c.g.nodes[from].edges, to) {
			c.g.nodes[from].edges = append(c.g.nodes[from].edges, to)
		}
	}
	for _, def := range c.d.nodes {
		at, ok := c.g.byNode[def.name]
		for _, name := range def.goes {
			if to, okTo := c.target(name, "graphs.Goes of", def.name); ok && okTo && to > 0 {
				c.g.nodes[at].goes = append(c.g.nodes[at].goes, to)
			}
		}
	}
	for _, j := range c.d.joins {
		c.join(j)
	}
	for _, b := range c.d.branches {
		c.branch(b)
	}
	if s := &c.g.nodes[0]; len(s.edges) == 0 && len(s.branches) == 0 && len(s.joins) == 0 {
		c.complain(`the graph has no beginning; add AddEdge(graphs.Start, "your first node")`)
	}
}

func (c *compiler) source(name, what, to string) (int, bool) {
	at, ok := c.g.byNode[name]
	switch {
	case name == End:
		c.complain("%s(%q, %q): nothing follows %s", what, name, to, End)
		return 0, false
	case !ok:
		c.complain("%s(%q, %q): there is no node %q%s", what, name, to, name, c.known())
	}
	return at, ok
}

// target returns the index of a node, 0 for End.
func (c *compiler) target(name, what, from string) (int, bool) {
	switch at, ok := c.g.byNode[name]; {
	case name == End:
		return 0, true
	case name == Start:
		c.complain("%s %q: %s cannot be a target", what, from, Start)
		return 0, false
	case !ok:
		c.complain("%s %q: there is no node %q%s", what, from, name, c.known())
		return 0, false
	default:
		return at, true
	}
}

func (c *compiler) known() string { return "; " + c.g.names() }

// names tells what nodes there are, for those who meant another one.
func (g *graph) names() string {
	names := make([]string, 0, len(g.nodes))
	for i := range g.nodes[1:] {
		names = append(names, g.nodes[i+1].name)
	}
	return "there are " + strings.Join(append(names, Start, End), ", ")
}

func (c *compiler) join(j joinDef) {
	to, ok := c.target(j.to, "AddJoin to", j.to)
	if len(j.from) == 0 {
		c.complain("AddJoin to %q names no nodes", j.to)
		return
	}
	froms := make([]int, 0, len(j.from))
	for _, name := range j.from {
		from, okFrom := c.source(name, "AddJoin", j.to)
		ok = ok && okFrom
		froms = append(froms, from)
		c.g.drawn = append(c.g.drawn, edgeDef{name, j.to})
	}
	if !ok || to == 0 {
		return
	}
	sorted := slices.Compact(slices.Sorted(slices.Values(j.from)))
	name := "join:" + strings.Join(sorted, "+") + ":" + j.to
	if _, twice := c.g.byName[name]; twice {
		c.complain("AddJoin(%q, %q) is there twice", j.from, j.to)
		return
	}
	c.g.byName[name] = len(c.g.channels)
	c.g.joins = append(c.g.joins, join{channel: len(c.g.channels), name: name, from: sorted, to: to, triggers: []string{name}})
	c.g.channels = append(c.g.channels, channel{name: name, typ: reflect.TypeFor[[]string](), kind: barrier})
	for _, from := range froms {
		n := &c.g.nodes[from]
		n.joins = append(n.joins, len(c.g.joins)-1)
	}
}

func (c *compiler) branch(def branchDef) {
	from, ok := c.source(def.from, "AddConditionalEdges", strings.Join(def.targets, ", "))
	b := branch{branchDef: def}
	if len(def.targets) > 0 {
		b.allowed = map[string]bool{}
	}
	for _, name := range def.targets {
		_, okTo := c.target(name, "AddConditionalEdges from", def.from)
		ok = ok && okTo
		b.allowed[name] = true
	}
	if ok {
		c.g.nodes[from].branches = append(c.g.nodes[from].branches, b)
	}
}

// reachable complains of nodes that nothing leads to from Start.
func (c *compiler) reachable() {
	g := c.g
	seen := make([]bool, len(g.nodes))
	todo := []int{0}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if seen[at] {
			continue
		}
		seen[at] = true
		todo = append(todo, g.successors(at)...)
	}
	for i, ok := range seen {
		if !ok {
			c.complain(`node %q is never reached; add an edge to it, or the option graphs.Goes(%[1]q) to the node whose Command goes there`, g.nodes[i].name)
		}
	}
}

func (c *compiler) breakpoints(names []string) []string {
	for _, name := range names {
		if _, ok := c.g.byNode[name]; !ok && name != "*" {
			c.complain("breakpoint at %q: there is no such node%s", name, c.known())
		}
	}
	return names
}

// inputs complains of nodes that edges lead to although they read nothing of the state: only a Send has something for them.
func (c *compiler) inputs() {
	led := make([]bool, len(c.g.nodes))
	for i := range c.g.nodes {
		n := &c.g.nodes[i]
		for _, to := range n.edges {
			led[to] = true
		}
		for _, j := range n.joins {
			led[c.g.joins[j].to] = true
		}
		for _, b := range n.branches {
			if b.moves != nil {
				continue // its Sends lead there
			}
			for name := range b.allowed {
				led[c.g.byNode[name]] = true
			}
		}
	}
	for i := range c.g.nodes {
		n := &c.g.nodes[i]
		if i == 0 || !led[i] || len(n.in.fields) > 0 || n.in.typ == valuesType || n.in.typ == c.d.state {
			continue
		}
		if t := n.in.typ; t.Kind() != reflect.Struct || t.NumField() > 0 {
			c.complain("node %q takes %s, which has no key of the state, but edges lead to it; name keys of the state in it, or reach it by a Send", n.name, t)
		}
	}
}

// caches complains of cache policies that cannot be meant.
func (c *compiler) caches() {
	for i := range c.g.nodes {
		n := &c.g.nodes[i]
		if n.cache == nil {
			continue
		}
		if n.cache.ttl < 0 {
			c.complain("node %q: Cache(%v): the time is negative", n.name, n.cache.ttl)
		}
		if n.sub != nil {
			c.complain("node %q: Cache: a subgraph is not cached; give the option to its nodes", n.name)
		}
		known := structNames(n.in.typ)
		for _, key := range n.cache.keys {
			if _, ok := c.g.byName[key]; !ok && !slices.Contains(known, key) {
				c.complain("node %q: Cache names the key %q, which neither the state nor the node's input has", n.name, key)
			}
		}
	}
}

func structNames(t reflect.Type) []string {
	if t.Kind() != reflect.Struct {
		return nil
	}
	fields, _ := structFields(t) // mistakes are told where the type is used
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.channel
	}
	return names
}

// successors lists the nodes that can follow a node, as far as it is declared.
func (g *graph) successors(at int) []int {
	n := &g.nodes[at]
	next := slices.Concat(n.edges, n.goes)
	for _, j := range n.joins {
		next = append(next, g.joins[j].to)
	}
	for _, b := range n.branches {
		if b.allowed == nil {
			for i := range g.nodes[1:] {
				next = append(next, i+1)
			}
		}
		for name := range b.allowed {
			if name != End {
				next = append(next, g.byNode[name])
			}
		}
	}
	return next
}
