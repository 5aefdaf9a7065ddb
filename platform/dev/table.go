package dev

import (
	"fmt"
	"slices"
	"strings"
)

// row is a line of the banner. Without a detail, the name has both columns to itself.
type row struct{ label, name, detail, note string }

// table aligns rows, and says a label once for all rows that follow each other under it.
func table(rows []row) string {
	name, detail := 11, 20
	for _, r := range rows {
		if r.detail != "" {
			name, detail = max(name, len(r.name)+2), max(detail, len(r.detail)+2)
		}
	}
	for _, r := range rows {
		if r.detail == "" && r.note != "" {
			detail = max(detail, len(r.name)+2-name)
		}
	}
	var out strings.Builder
	last := ""
	for _, r := range rows {
		label := r.label
		if label == last {
			label = ""
		}
		last = r.label
		middle := fmt.Sprintf("%-*s", name+detail, r.name)
		if r.detail != "" {
			middle = fmt.Sprintf("%-*s%-*s", name, r.name, detail, r.detail)
		}
		out.WriteString(strings.TrimRight(fmt.Sprintf("  %-8s%s%s", label, middle, r.note), " ") + "\n")
	}
	return out.String()
}

func sorted(names []string) []string {
	slices.Sort(names)
	return names
}
