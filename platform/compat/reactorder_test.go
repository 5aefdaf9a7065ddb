package compat

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// sideBySide reports whether graphs ran at the same time.
func sideBySide(list []telling) bool {
	over := map[string]bool{}
	last := ""
	for _, x := range list {
		if x.space != last && over[x.space] && !inside(last, x.space) {
			return true
		}
		over[last], last = true, x.space
	}
	return false
}

// inside reports whether a namespace is in the other one.
func inside(space, outer string) bool { return outer == "" || strings.HasPrefix(space, outer+"|") }

// inOrder puts what a step tells of tasks that run side by side into an order that no scheduler makes.
func inOrder(list []telling) []telling {
	from := 0
	for i := 0; i <= len(list); i++ {
		if i < len(list) && list[i].method != "values" && list[i].method != "checkpoints" && list[i].method != "run" {
			continue
		}
		step := list[from:i]
		tasks, calls := 0, 0 // that ended
		for _, x := range step {
			switch {
			case x.method == "updates", x.method == "input":
				tasks++
			case x.kind() == "tools/tool-finished":
				calls++
			}
		}
		if (tasks > 1 || calls > 1) && !slices.ContainsFunc(step, func(x telling) bool { return x.space != step[0].space }) {
			slices.SortStableFunc(step, func(a, b telling) int { return cmp.Or(cmp.Compare(a.kind(), b.kind()), cmp.Compare(a.key(), b.key())) })
		}
		from = i + 1
	}
	return list
}

// bySpace takes apart what the graphs of a run tell, each in order; those that are alike are in the order of what they are about.
func bySpace(list []telling) [][]telling {
	states, all := map[string]int{}, map[string][]telling{}
	for _, x := range list {
		parts := strings.Split(x.space, "|")
		var within []string
		for i := range parts {
			if outer := strings.Join(parts[:i], "|"); outer != x.space {
				within = append(within, fmt.Sprint(states[outer]))
			}
		}
		x.within = strings.Join(within, " ")
		if x.method == "values" {
			states[x.space]++
		}
		all[x.space] = append(all[x.space], x)
	}
	var out [][]telling
	for _, tale := range all {
		out = append(out, inOrder(tale))
	}
	keys := func(tale []telling) string { // what it tells, after that of the graphs around it
		var b strings.Builder
		for space := tale[0].space; ; space = outer(space) {
			text := ""
			for _, x := range all[space] {
				text += x.key()
			}
			b.WriteString(text)
			if space == "" {
				return b.String()
			}
		}
	}
	slices.SortFunc(out, func(a, b []telling) int {
		return cmp.Or(cmp.Compare(a[0].nodes(), b[0].nodes()), cmp.Compare(keys(a), keys(b)))
	})
	return out
}

// lastOf is the task that a namespace is of.
func lastOf(space string) string { return space[strings.LastIndexByte(space, '|')+1:] }

// outer is the namespace around one; the root's is itself.
func outer(space string) string { return space[:max(strings.LastIndexByte(space, '|'), 0)] }

// ids are what differs from run to run.
var ids = regexp.MustCompile(`\b(?:run-)?[0-9a-f]{8}-[0-9a-f-]{27}\b|\b[0-9a-f]{32}\b|\b(?:run-)?[TRACKMLIX]\d+\b|stategraph-message-\d`)

// key is what is told, without ids.
func (x telling) key() string {
	raw, err := json.Marshal(x.data)
	if err != nil {
		return fmt.Sprint(x.data)
	}
	return x.method + x.node + ids.ReplaceAllString(string(raw), "")
}
