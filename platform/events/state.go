package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/locutory/locutory/graphs"
)

// State is the channels of one namespace, built from a base checkpoint and the patches of the steps after it. Lists are kept
// joined, so that a step costs what it adds and not what is there. The zero State has no channels.
type State struct{ channels map[string]*channel }

// NewState returns the state of a checkpoint's values; nil is a state without any.
func NewState(values map[string]json.RawMessage) *State {
	s := &State{channels: make(map[string]*channel, len(values))}
	for name, value := range values {
		s.channels[name] = &channel{whole: value}
	}
	return s
}

// Apply changes the patched channels.
func (s *State) Apply(patch map[string]graphs.ChannelPatch) error {
	for name, p := range patch {
		if p.Set == nil && !p.List { // the channel is gone, as graphs.ApplyPatch has it
			delete(s.channels, name)
			continue
		}
		c := s.channels[name]
		if c == nil {
			c = &channel{}
			if s.channels == nil {
				s.channels = map[string]*channel{}
			}
			s.channels[name] = c
		}
		if err := c.apply(p); err != nil {
			return fmt.Errorf("channel %q: %w", name, err)
		}
	}
	return nil
}

// Names returns the channels that were ever written, sorted.
func (s *State) Names() []string { return slices.Sorted(maps.Keys(s.channels)) }

// AppendJSON appends the object of the channels that only names, in that order and without those that were never written.
// A nil only means all, sorted. The object is left open, without its closing brace, when open is true.
func (s *State) AppendJSON(dst []byte, only []string, open bool) []byte {
	if only == nil {
		only = s.Names()
	}
	dst = append(dst, '{')
	first := true
	for _, name := range only {
		c := s.channels[name]
		if c == nil {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = AppendString(dst, name)
		dst = append(dst, ':')
		dst = c.append(dst)
	}
	if open {
		return dst
	}
	return append(dst, '}')
}

// Items returns the elements of a channel that holds a list, else nil. They are parts of the state: read them before the next Apply.
func (s *State) Items(name string) []json.RawMessage {
	c := s.channels[name]
	if c == nil || c.split() != nil {
		return nil
	}
	items := make([]json.RawMessage, len(c.ends))
	start := 0
	for i, end := range c.ends {
		items[i] = c.body[start:end:end]
		start = end + 1
	}
	return items
}

// channel is one value: whole, or a list as its items joined by commas and the end of each.
type channel struct {
	whole json.RawMessage
	body  []byte
	ends  []int
}

func (c *channel) apply(p graphs.ChannelPatch) error {
	if !p.List {
		c.whole, c.body, c.ends = p.Set, nil, nil
		return nil
	}
	if p.Keep == 0 {
		c.whole = nil
	}
	if err := c.split(); err != nil {
		return err
	}
	if p.Keep > len(c.ends) || p.Keep < 0 {
		return fmt.Errorf("the patch keeps %d of %d items", p.Keep, len(c.ends))
	}
	c.ends = c.ends[:p.Keep]
	c.body = c.body[:c.size()]
	for _, item := range p.Add {
		c.add(item)
	}
	return nil
}

func (c *channel) size() int {
	if len(c.ends) == 0 {
		return 0
	}
	return c.ends[len(c.ends)-1]
}

func (c *channel) add(item json.RawMessage) {
	if len(c.ends) > 0 {
		c.body = append(c.body, ',')
	}
	c.body = AppendRaw(c.body, item)
	c.ends = append(c.ends, len(c.body))
}

// split turns a whole value that is a list into items. A channel without a value becomes the empty list.
func (c *channel) split() error {
	if c.whole == nil {
		return nil
	}
	var items []json.RawMessage
	if err := json.Unmarshal(c.whole, &items); err != nil {
		return fmt.Errorf("not a list: %w", err)
	}
	if items == nil {
		return errors.New("not a list: null")
	}
	c.whole = nil
	for _, item := range items {
		c.add(item)
	}
	return nil
}

func (c *channel) append(dst []byte) []byte {
	if c.whole != nil {
		return AppendRaw(dst, c.whole)
	}
	dst = append(dst, '[')
	dst = append(dst, c.body...)
	return append(dst, ']')
}

// AppendRaw appends raw JSON on one line; nothing is null. A frame may not be broken by a newline, nor by the separators U+2028 and
// U+2029, at which some readers split.
func AppendRaw(dst []byte, raw json.RawMessage) []byte {
	if len(raw) == 0 {
		return append(dst, "null"...)
	}
	if bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '\r') < 0 && !separated(raw) {
		return append(dst, raw...)
	}
	var flat bytes.Buffer
	if err := json.Compact(&flat, raw); err != nil {
		return append(dst, "null"...) // no JSON at all: nothing of it may reach the frame
	}
	out := bytes.ReplaceAll(flat.Bytes(), []byte("\u2028"), []byte(`\u2028`))
	return append(dst, bytes.ReplaceAll(out, []byte("\u2029"), []byte(`\u2029`))...)
}

func separated(raw []byte) bool {
	return bytes.Contains(raw, []byte("\u2028")) || bytes.Contains(raw, []byte("\u2029"))
}

// AppendString appends s as a JSON string.
func AppendString(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			quoted, err := json.Marshal(s)
			if err != nil { // cannot be: bad UTF-8 is replaced
				return strconv.AppendQuoteToASCII(dst, s)
			}
			return append(dst, quoted...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}
