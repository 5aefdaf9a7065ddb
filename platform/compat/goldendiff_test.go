package compat

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// difference is a place where we answer otherwise than the recording does. Its path begins with + for what only we have, and with - for
// what only the recording has.
type difference struct{ path, want, got string }

// comparer compares an answer to a recording.
type comparer struct {
	*symbols
	seen  map[string]string // our ids of events by those of the recording
	found []difference
}

func (c *comparer) differ(path string, want, got any) {
	c.found = append(c.found, difference{path, brief(want), brief(got)})
}

func brief(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	if len(raw) > 300 {
		return string(raw[:300]) + "..."
	}
	return string(raw)
}

// absent stands for a value that is not there.
type absent struct{}

// MarshalText implements encoding.TextMarshaler.
func (absent) MarshalText() ([]byte, error) { return []byte("nothing"), nil }

// compare walks two JSON values.
func (c *comparer) compare(path string, want, got any) {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			c.differ(path, want, got)
			return
		}
		c.objects(path, w, g)
	case []any:
		g, ok := got.([]any)
		if !ok || len(w) != len(g) {
			c.differ(path, want, got)
			return
		}
		for i := range w {
			c.compare(path+"/"+strconv.Itoa(i), w[i], g[i])
		}
	case string:
		if number, ok := got.(float64); ok && w == "<time>" && number > 0 {
			return
		}
		g, ok := got.(string)
		if !ok || !c.matches(w, g) || w == "<time>" && !isTime(g) {
			c.differ(path, want, got)
		}
	default:
		if want != got {
			c.differ(path, want, got)
		}
	}
}

func isTime(text string) bool {
	_, err := time.Parse(time.RFC3339Nano, text)
	return err == nil
}

func (c *comparer) objects(path string, want, got map[string]any) {
	seen := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		ours := c.key(key, got)
		value, ok := got[ours]
		if !ok {
			c.differ("-"+path+"/"+key, want[key], absent{})
			continue
		}
		seen[ours] = true
		c.compare(path+"/"+key, want[key], value)
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if !seen[key] {
			c.differ("+"+path+"/"+c.name(key), absent{}, got[key])
		}
	}
}

// key is ours for a recorded one, which may be a symbol that has not been seen yet: then it is the only key.
func (c *comparer) key(recorded string, got map[string]any) string {
	if _, ok := got[recorded]; ok {
		return recorded
	}
	for _, key := range slices.Sorted(maps.Keys(got)) {
		if c.matches(recorded, key) {
			return key
		}
	}
	return recorded
}

// name is the symbol of a key that is an id of ours, for paths that are the same each time.
func (c *comparer) name(key string) string {
	if symbol := c.of[key]; symbol != "" {
		return symbol
	}
	return key
}

// frame is one server-sent event.
type frame struct {
	Event string `json:"event"`
	ID    string `json:"id"`
	Data  any    `json:"data"`
}

// streams compares events that are in the same order; others are missing or extra.
func (c *comparer) streams(want, got []frame) {
	pairs := align(kinds(want), kinds(got))
	i, j := 0, 0
	for _, pair := range append(pairs, [2]int{len(want), len(got)}) {
		for ; i < pair[0]; i++ {
			c.differ("-sse/"+eventKind(want[i].Event), want[i].Data, absent{})
		}
		for ; j < pair[1]; j++ {
			c.differ("+sse/"+eventKind(got[j].Event), absent{}, got[j].Data)
		}
		if i < len(want) && j < len(got) {
			path := "sse/" + strconv.Itoa(i) + "/"
			if !c.matches(want[i].Event, got[j].Event) {
				c.differ(path+"event", want[i].Event, got[j].Event)
			}
			c.seen[want[i].ID] = got[j].ID
			c.compare(path+eventKind(want[i].Event), want[i].Data, got[j].Data)
		}
		i, j = i+1, j+1
	}
}

// eventKind is the name of an event without the namespace.
func eventKind(event string) string {
	name, _, _ := strings.Cut(event, "|")
	return strings.ReplaceAll(name, "/", "-")
}

func kinds(frames []frame) []string {
	out := make([]string, len(frames))
	for i, f := range frames {
		name, ns, _ := strings.Cut(f.Event, "|")
		out[i] = name + strings.Repeat("|", strings.Count(ns, ":"))
		switch data := f.Data.(type) {
		case map[string]any:
			if name == "debug" {
				out[i] += fmt.Sprint(" ", data["type"], " ", data["step"])
			}
		case []any:
			if message, ok := data[0].(map[string]any); ok && name == "messages" {
				out[i] += fmt.Sprint(" ", message["content"])
			}
		}
	}
	return out
}

// align returns the longest common subsequence, as pairs of indexes.
func align(a, b []string) (pairs [][2]int) {
	length := make([][]int, len(a)+1)
	for i := range length {
		length[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			length[i][j] = max(length[i+1][j], length[i][j+1])
			if a[i] == b[j] {
				length[i][j] = max(length[i][j], length[i+1][j+1]+1)
			}
		}
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i] == b[j] && length[i][j] == length[i+1][j+1]+1:
			pairs = append(pairs, [2]int{i, j})
			i, j = i+1, j+1
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	return pairs
}

func longestFirst(words []string) []string {
	slices.SortFunc(words, func(a, b string) int { return len(b) - len(a) })
	return words
}
