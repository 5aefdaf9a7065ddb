package graphs

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
)

// Accumulator merges the chunks of one message. The zero value is ready; it is not safe for concurrent use.
type Accumulator struct {
	chunk  MessageChunk
	text   []byte
	blocks []blockPieces
	calls  callPieces
}

// Accumulate merges all chunks of a message.
func Accumulate(chunks ...MessageChunk) Message {
	var a Accumulator
	for _, c := range chunks {
		a.Add(c)
	}
	return a.Message()
}

// Add merges the next chunk: texts are appended, blocks and tool calls merged by index, usage summed.
func (a *Accumulator) Add(c MessageChunk) {
	a.chunk.ID = firstOf(a.chunk.ID, c.ID)
	a.chunk.Name = firstOf(a.chunk.Name, c.Name)
	a.chunk.Last = a.chunk.Last || c.Last
	a.chunk.UsageMetadata = a.chunk.UsageMetadata.plus(c.UsageMetadata)
	a.chunk.AdditionalKwargs = merged(a.chunk.AdditionalKwargs, c.AdditionalKwargs)
	a.chunk.ResponseMetadata = merged(a.chunk.ResponseMetadata, c.ResponseMetadata)
	a.calls.add(c.ToolCallChunks)
	a.addContent(c.Content)
}

func (a *Accumulator) addContent(c Content) {
	if c.Blocks == nil && a.blocks == nil {
		a.text = append(a.text, c.Text...)
		return
	}
	if len(a.text) > 0 { // the first blocks after text: the text becomes one
		text := a.text
		a.text = nil
		a.addBlock(textBlock(string(text)))
	}
	if c.Blocks == nil && c.Text != "" {
		a.addBlock(textBlock(c.Text))
	}
	for _, raw := range c.Blocks {
		a.addBlock(raw)
	}
	if a.blocks == nil {
		a.blocks = []blockPieces{}
	}
}

func textBlock(text string) json.RawMessage {
	return append(appendString([]byte(`{"type":"text","text":`), text), '}')
}

func (a *Accumulator) addBlock(raw json.RawMessage) {
	if !isObject(raw) {
		text, err := readString(raw)
		if err != nil {
			return
		}
		raw = textBlock(text)
	}
	kind, index := blockKey(raw)
	for i := range a.blocks {
		b := &a.blocks[i]
		if b.index == index && (index != "" || b.kind == kind && kind == `"text"` && i == len(a.blocks)-1) {
			b.add(raw)
			return
		}
	}
	b := blockPieces{kind: kind, index: index}
	b.add(raw)
	a.blocks = append(a.blocks, b)
}

// Chunk returns all chunks so far as one. It shares nothing with the Accumulator.
func (a *Accumulator) Chunk() MessageChunk {
	c := a.chunk
	c.Content = a.content()
	c.ToolCallChunks = a.calls.chunks()
	return c
}

// Message returns the message so far. Calls whose arguments are no JSON object are in InvalidToolCalls.
func (a *Accumulator) Message() Message {
	m := Message{
		Type: TypeAI, ID: a.chunk.ID, Name: a.chunk.Name, Content: a.content(), UsageMetadata: a.chunk.UsageMetadata,
		AdditionalKwargs: a.chunk.AdditionalKwargs, ResponseMetadata: a.chunk.ResponseMetadata,
	}
	m.ToolCalls, m.InvalidToolCalls = a.calls.calls()
	return m
}

func (a *Accumulator) content() Content {
	if a.blocks == nil {
		return Content{Text: string(a.text)}
	}
	blocks := make([]json.RawMessage, len(a.blocks))
	for i := range a.blocks {
		blocks[i] = a.blocks[i].json()
	}
	return Content{Blocks: blocks}
}

// plus never changes u, which may be shared with a chunk.
func (u *Usage) plus(v *Usage) *Usage {
	if u == nil || v == nil {
		return cmp.Or(u, v)
	}
	return &Usage{
		InputTokens:        u.InputTokens + v.InputTokens,
		OutputTokens:       u.OutputTokens + v.OutputTokens,
		TotalTokens:        u.TotalTokens + v.TotalTokens,
		InputTokenDetails:  summed(u.InputTokenDetails, v.InputTokenDetails),
		OutputTokenDetails: summed(u.OutputTokenDetails, v.OutputTokenDetails),
	}
}

func summed(a, b map[string]int) map[string]int {
	if len(a) == 0 {
		return b
	}
	out := maps.Clone(a)
	for key, n := range b {
		out[key] += n
	}
	return out
}

func merged(a, b map[string]json.RawMessage) map[string]json.RawMessage {
	if len(b) == 0 {
		return a
	}
	if len(a) == 0 {
		return b
	}
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

// blockPieces collects the deltas of one content block: strings grow, everything else is replaced, but for the type, which is that of
// the first: providers have types of their own for what goes on, as input_json_delta for a tool_use.
type blockPieces struct {
	kind, index string // raw JSON; index is empty for a block without one
	keys        []string
	texts       map[string][]byte
	raws        map[string]json.RawMessage
}

func blockKey(raw json.RawMessage) (kind, index string) {
	for key, value := range fields(raw) {
		switch key {
		case "type":
			kind = string(value)
		case "index":
			index = string(value)
		}
	}
	return kind, index
}

func (b *blockPieces) add(raw json.RawMessage) {
	if b.raws == nil {
		b.texts, b.raws = make(map[string][]byte), make(map[string]json.RawMessage)
	}
	for key, value := range fields(raw) {
		if !slices.Contains(b.keys, key) {
			b.keys = append(b.keys, key)
		}
		if value[0] == '"' && key != "type" && key != "index" && key != "id" {
			text, _ := readString(value) // a string: blocks are valid JSON
			b.texts[key] = append(b.texts[key], text...)
			continue
		}
		if b.raws[key] == nil || value[0] != 'n' && key != "type" {
			b.raws[key] = value
		}
	}
}

func (b *blockPieces) json() json.RawMessage {
	out := []byte{'{'}
	for i, key := range b.keys {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendString(out, key), ':')
		if text, ok := b.texts[key]; ok {
			out = appendString(out, string(text))
		} else {
			out = append(out, b.raws[key]...)
		}
	}
	return append(out, '}')
}

// callPieces collects tool call chunks by index.
type callPieces []callPiece

type callPiece struct {
	index    int
	id, name string
	args     []byte
}

func (p *callPieces) add(chunks []ToolCallChunk) {
	for _, c := range chunks {
		call := p.at(c)
		call.id = firstOf(call.id, c.ID)
		call.name = firstOf(call.name, c.Name)
		call.args = append(call.args, c.Args...)
	}
}

// at finds the call that c continues: the last one of its index, unless c opens another under an index used before, as
// servers do that number every call 0.
func (p *callPieces) at(c ToolCallChunk) *callPiece {
	for i := len(*p) - 1; i >= 0; i-- {
		if call := &(*p)[i]; call.index == c.Index && (c.ID == "" || call.id == "" || c.ID == call.id) {
			return call
		}
	}
	*p = append(*p, callPiece{index: c.Index})
	return &(*p)[len(*p)-1]
}

func (p callPieces) sorted() callPieces {
	return slices.SortedStableFunc(slices.Values(p), func(a, b callPiece) int { return cmp.Compare(a.index, b.index) })
}

func (p callPieces) chunks() []ToolCallChunk {
	var out []ToolCallChunk
	for _, c := range p.sorted() {
		out = append(out, ToolCallChunk{Index: c.index, ID: c.id, Name: c.name, Args: string(c.args)})
	}
	return out
}

func (p callPieces) calls() (calls []ToolCall, invalid []InvalidToolCall) {
	for _, c := range p.sorted() {
		args, err := parseArgs(string(c.args))
		if err != nil {
			invalid = append(invalid, InvalidToolCall{ID: c.id, Name: c.name, Args: string(c.args), Error: err.Error()})
			continue
		}
		calls = append(calls, ToolCall{ID: c.id, Name: c.name, Args: args})
	}
	return calls, invalid
}
