package a2a

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"

	"github.com/locutory/locutory/platform/wire"
)

// sentMessage is a message as callers of either version write it.
type sentMessage struct {
	Kind      string     `json:"kind"`
	MessageID *string    `json:"messageId"`
	ContextID string     `json:"contextId"`
	TaskID    string     `json:"taskId"`
	Role      string     `json:"role"`
	Parts     []sentPart `json:"parts"`
}

// sentPart is a part as callers of either version write it.
type sentPart struct {
	Kind string          `json:"kind"`
	Text *string         `json:"text"`
	Data json.RawMessage `json:"data"`
	File *struct {
		URI   string `json:"uri"`
		Bytes string `json:"bytes"`
		Mime  string `json:"mimeType"`
		Name  string `json:"name"`
	} `json:"file"`
	URL      string `json:"url"`
	Raw      string `json:"raw"`
	Media    string `json:"mediaType"`
	Filename string `json:"filename"`
}

// read checks the message and returns what it says.
func (m *sentMessage) read() (message, error) {
	var out message
	if m.Kind != "" && m.Kind != "message" {
		return out, fail(codeParams, "message.kind: want message")
	}
	switch m.Role {
	case "user", "ROLE_USER", "":
	default:
		return out, fail(codeParams, "message.role: want the user's")
	}
	if m.MessageID == nil {
		return out, fail(codeParams, "message.messageId is required")
	}
	out.id = *m.MessageID
	if len(m.Parts) == 0 {
		return out, fail(codeParams, "message.parts: want at least one")
	}
	for i := range m.Parts {
		p, err := m.Parts[i].read()
		if err != nil {
			return out, fail(codeParams, "message.parts[%d]: %s", i, err)
		}
		out.parts = append(out.parts, p)
	}
	return out, nil
}

func (p *sentPart) read() (part, error) {
	out := part{text: p.Text, data: p.Data, url: p.URL, raw: p.Raw, media: p.Media, filename: p.Filename}
	if f := p.File; f != nil {
		out.url, out.raw = out.url+f.URI, out.raw+f.Bytes
		out.media, out.filename = f.Mime, f.Name
	}
	var kinds []string
	for _, one := range []struct {
		kind  string
		there bool
	}{{"text", out.text != nil}, {"data", out.data != nil}, {"file", out.url != ""}, {"file", out.raw != ""}} {
		if one.there {
			kinds = append(kinds, one.kind)
		}
	}
	if len(kinds) != 1 {
		return out, fail(codeParams, "want one of text, data, and a file by its address or as base64")
	}
	if p.Kind != "" && p.Kind != kinds[0] {
		return out, fail(codeParams, "kind: want %s, as the part has it", kinds[0])
	}
	if out.raw != "" {
		if _, err := io.Copy(io.Discard, base64.NewDecoder(base64.StdEncoding, strings.NewReader(out.raw))); err != nil {
			return out, fail(codeParams, "the file is no base64: %s", err)
		}
	}
	if out.data != nil {
		var flat bytes.Buffer
		if err := json.Compact(&flat, out.data); err != nil {
			return out, fail(codeParams, "data: %s", err)
		}
		out.data = flat.Bytes()
	}
	return out, nil
}

// human is the message as graphs take it. A text alone is content by itself; anything else is a list of blocks, in which data is text,
// as models read it.
func (m *message) human() (json.RawMessage, error) {
	said := object{"type": "human"}
	if wire.IsUUID(m.id) { // a shorter id may come twice on a thread, and would replace the message that had it
		said["id"] = strings.ToLower(m.id)
	}
	if len(m.parts) == 1 && m.parts[0].text != nil {
		said["content"] = *m.parts[0].text
		return json.Marshal(said)
	}
	blocks := make([]object, len(m.parts))
	for i, p := range m.parts {
		blocks[i] = p.block()
	}
	said["content"] = blocks
	return json.Marshal(said)
}

// block is a block of content (streaming.md §2.3).
func (p *part) block() object {
	switch {
	case p.text != nil:
		return object{"type": "text", "text": *p.text}
	case p.data != nil:
		return object{"type": "text", "text": string(p.data)}
	}
	kind, _, _ := strings.Cut(p.media, "/")
	if kind != "image" && kind != "audio" && kind != "video" {
		kind = "file"
	}
	out := object{"type": kind}
	set(out, "url", p.url)
	set(out, "base64", p.raw)
	set(out, "mime_type", p.media)
	if p.filename != "" {
		out["metadata"] = object{"filename": p.filename}
	}
	return out
}

// answer is the message as the answer to a question of the graph: its data, or else its text.
func (m *message) answer() (json.RawMessage, error) {
	var texts []string
	var data []json.RawMessage
	for _, p := range m.parts {
		switch {
		case p.text != nil:
			texts = append(texts, *p.text)
		case given(p.data):
			data = append(data, p.data)
		default:
			return nil, fail(codeParams, "the task waits for an answer: want text or data, no file and no null")
		}
	}
	switch {
	case len(data) == 1:
		return data[0], nil
	case len(data) > 1:
		return json.Marshal(data)
	}
	return json.Marshal(strings.Join(texts, "\n"))
}

// spoken is a message as graphs and streams write it.
type spoken struct {
	ID       string          `json:"id"`
	Type     string          `json:"type"`
	Content  json.RawMessage `json:"content"`
	Position string          `json:"chunk_position"`
}

// parts are those of the content that the protocol has a form for: texts and files. How a model came to call its tools is its own affair.
func (s *spoken) parts() []part {
	var text string
	if json.Unmarshal(s.Content, &text) == nil {
		if text == "" {
			return nil
		}
		return []part{textPart(text)}
	}
	var blocks []json.RawMessage
	if json.Unmarshal(s.Content, &blocks) != nil {
		return nil
	}
	var out []part
	for _, raw := range blocks {
		if p, ok := partOf(raw); ok {
			out = append(out, p)
		}
	}
	return out
}

func partOf(raw json.RawMessage) (part, bool) {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return textPart(text), text != ""
	}
	var b struct {
		Type     string          `json:"type"`
		Text     string          `json:"text"`
		URL      string          `json:"url"`
		Base64   string          `json:"base64"`
		Data     string          `json:"data"`
		Mime     string          `json:"mime_type"`
		ImageURL json.RawMessage `json:"image_url"`
		Metadata json.RawMessage `json:"metadata"`
	}
	if json.Unmarshal(raw, &b) != nil {
		return part{}, false
	}
	switch b.Type {
	case "text":
		return textPart(b.Text), b.Text != ""
	case "image_url":
		var at struct {
			URL string `json:"url"`
		}
		if json.Unmarshal(b.ImageURL, &at) != nil && json.Unmarshal(b.ImageURL, &at.URL) != nil {
			return part{}, false
		}
		return part{url: at.URL}, at.URL != ""
	case "image", "audio", "video", "file":
		p := part{url: b.URL, raw: b.Base64 + b.Data, media: b.Mime}
		if p.url != "" {
			p.raw = ""
		}
		var about struct {
			Filename string `json:"filename"`
		}
		if json.Unmarshal(b.Metadata, &about) == nil { // else a graph has written something of its own there
			p.filename = about.Filename
		}
		return p, p.url != "" || p.raw != ""
	}
	return part{}, false
}

// conversation returns at most the last n messages that user and agent have said to each other, out of a thread's values.
func conversation(values json.RawMessage, context string, n int) []message {
	var state struct {
		Messages []json.RawMessage `json:"messages"`
	}
	if n == 0 || json.Unmarshal(values, &state) != nil {
		return nil
	}
	var out []message
	for i := len(state.Messages) - 1; i >= 0 && len(out) < n; i-- {
		var s spoken
		if json.Unmarshal(state.Messages[i], &s) != nil || s.Type != "human" && s.Type != "ai" {
			continue
		}
		if parts := s.parts(); len(parts) > 0 && s.ID != "" {
			out = append(out, message{id: s.ID, agent: s.Type == "ai", parts: parts, context: context})
		}
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}
