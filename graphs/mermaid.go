package graphs

import (
	"fmt"
	"strings"
)

// Mermaid returns the drawing in the language of Mermaid. Conditional edges are dotted, opened subgraphs are boxes.
func (d Drawing) Mermaid() string {
	var b strings.Builder
	b.WriteString("graph TD\n")
	root := box{}
	for _, n := range d.Nodes {
		root.put(strings.Split(n.ID, ":"), n.ID)
	}
	root.write(&b, "", "\t")
	for _, e := range d.Edges {
		arrow := "-->"
		if e.Conditional {
			arrow = "-.->"
		}
		if e.Data != "" {
			arrow += "|" + mermaidText(e.Data) + "|"
		}
		fmt.Fprintf(&b, "\t%s %s %s\n", mermaidID(e.Source), arrow, mermaidID(e.Target))
	}
	return b.String()
}

// box is an opened subgraph: its nodes and boxes in the order of the drawing.
type box struct {
	name  string // of a node or a box
	id    string // of a node
	inner []*box
}

func (x *box) put(path []string, id string) {
	if len(path) == 1 {
		x.inner = append(x.inner, &box{name: path[0], id: id})
		return
	}
	for _, in := range x.inner {
		if in.id == "" && in.name == path[0] {
			in.put(path[1:], id)
			return
		}
	}
	in := &box{name: path[0]}
	x.inner = append(x.inner, in)
	in.put(path[1:], id)
}

func (x *box) write(b *strings.Builder, path, indent string) {
	for _, in := range x.inner {
		switch {
		case in.id != "" && (in.name == Start || in.name == End):
			fmt.Fprintf(b, "%s%s([%s])\n", indent, mermaidID(in.id), mermaidText(in.name))
		case in.id != "":
			fmt.Fprintf(b, "%s%s(%s)\n", indent, mermaidID(in.id), mermaidText(in.name))
		default:
			inside := path + in.name + ":"
			fmt.Fprintf(b, "%ssubgraph %s [%s]\n", indent, mermaidID(inside), mermaidText(in.name))
			in.write(b, inside, indent+"\t")
			fmt.Fprintf(b, "%send\n", indent)
		}
	}
}

// mermaidID writes a name so that Mermaid takes it for one: letters and digits stay, the rest is spelled. The n keeps words like
// end from being read as what they mean there.
func mermaidID(name string) string {
	var b strings.Builder
	b.WriteByte('n')
	for _, c := range []byte(name) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "_%02x", c)
	}
	return b.String()
}

func mermaidText(s string) string {
	return `"` + strings.NewReplacer(`"`, "#quot;", "\n", " ").Replace(s) + `"`
}
