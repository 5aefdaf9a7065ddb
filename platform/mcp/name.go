package mcp

import (
	"regexp"
	"strings"

	"github.com/locutory/locutory/platform/store"
)

// maxName is the longest name of a tool: what the providers of models take.
const maxName = 64

var (
	refusedRunes = regexp.MustCompile(`[^A-Za-z0-9-]+`)
	plainRuns    = regexp.MustCompile(`[A-Za-z0-9-]+`)
	withID       = regexp.MustCompile(`-[0-9a-f]{32}$`)
)

// nameless is the name of a tool whose assistant's has no character that a tool's name may have.
const nameless = "assistant"

// plain is an assistant's name as a tool's: letters, digits, - and _ of ASCII.
func plain(name string) string {
	name = strings.Trim(refusedRunes.ReplaceAllString(name, "_"), "_-")
	if len(name) > maxName {
		name = strings.TrimRight(name[:maxName], "_-")
	}
	if name == "" {
		return nameless
	}
	return name
}

// exact is the name that only this assistant can have: an id is at the end of it.
func exact(a store.Assistant) string {
	id := "-" + strings.ReplaceAll(a.ID, "-", "")
	name := plain(a.Name)
	return strings.TrimRight(name[:min(len(name), maxName-len(id))], "_-") + id
}

// names gives assistants their tools' names, in order: the first of those that sound alike has the plain one, the others their exact
// ones. A plain name that looks like an exact one is nobody's.
func names(all []store.Assistant) []string {
	out, taken := make([]string, len(all)), map[string]bool{}
	for i, a := range all {
		out[i] = plain(a.Name)
		if taken[out[i]] || withID.MatchString(out[i]) {
			out[i] = exact(a)
		}
		taken[plain(a.Name)] = true
	}
	return out
}

// called finds the assistant of a tool among all that sound like it. An exact name is good also while the plain one is free: it was,
// perhaps, not when the client listed it.
func called(tool string, all []store.Assistant) (store.Assistant, bool) {
	for i, name := range names(all) {
		if name == tool || exact(all[i]) == tool {
			return all[i], true
		}
	}
	return store.Assistant{}, false
}

// like is a text that every name has which sounds like the tool's, a long one near its end, where names differ; empty when nothing is
// known of it.
func like(tool string) string {
	if tool = withID.ReplaceAllString(tool, ""); tool == nameless {
		return ""
	}
	longest := ""
	for _, run := range plainRuns.FindAllString(tool, -1) {
		if len(run) >= len(longest) {
			longest = run
		}
	}
	return longest
}
