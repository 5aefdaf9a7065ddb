package compat

import (
	"strings"
)

// middleware leaves out of a recording what only the reference has: nodes of its deep agents that do nothing here. The steps after them
// are counted without them.
type middleware struct {
	steps   map[string]int    // that were left out of a namespace
	last    map[string]any    // the checkpoint of it that was told last
	instead map[string]any    // of a checkpoint that was left out
	passing map[string]string // what is still told of such a node
	state   map[string]string // that was told last
}

func (m *middleware) hides(x *telling) bool {
	if m.steps == nil {
		m.steps, m.last, m.instead, m.passing = map[string]int{}, map[string]any{}, map[string]any{}, map[string]string{}
	}
	if x.method == "run" {
		m.state = map[string]string{}
	}
	if strings.HasSuffix(x.node, ".before_agent") {
		m.steps[x.space]++
		m.passing[x.space] = "checkpoints"
		return true
	}
	data, _ := x.data.(map[string]any)
	switch x.method {
	case "checkpoints":
		step := int(data["step"].(float64))
		if m.passing[x.space] == "checkpoints" && step <= m.steps[x.space] {
			m.instead[data["id"].(string)], m.passing[x.space] = m.last[x.space], "values"
			return true
		}
		if hidden := m.steps[x.space]; hidden > 0 {
			parent := data["parent_id"].(string)
			if step == hidden+1 && m.instead[parent] == nil {
				m.instead[parent] = m.last[x.space]
			}
			if instead := m.instead[parent]; instead != nil {
				data["parent_id"] = instead
			}
			data["step"] = float64(step - hidden)
		}
		m.last[x.space] = data["id"]
	case "values":
		before := m.state[x.space]
		if m.state[x.space] = x.key(); m.passing[x.space] == "values" || before == x.key() {
			m.passing[x.space] = ""
			return true
		}
	}
	if m.passing[x.space] != "" {
		m.passing[x.space] = "" // nothing more is told of it
	}
	return false
}
