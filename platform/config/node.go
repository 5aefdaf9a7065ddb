package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// node is a JSON value that remembers where it stands. Its value is nil, bool, string, json.Number, []*node or []member.
type node struct {
	pos   Pos
	value any
}

// member is a key of an object with its value, in the order of the file.
type member struct {
	key   string
	pos   Pos
	value *node
}

// parse reads exactly one JSON value. Its error is a *Mistake that points at the first byte that cannot be read.
func parse(file string, data []byte) (*node, error) {
	w := &walker{file: file, data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	w.dec.UseNumber()
	if err := w.check(); err != nil {
		return nil, err
	}
	return w.node()
}

// walker turns the decoder's tokens into nodes.
type walker struct {
	file string
	data []byte
	dec  *json.Decoder
}

// check refuses what is not JSON before the walk, so that the walk meets well-formed tokens only.
func (w *walker) check() error {
	var whole json.RawMessage
	err := json.Unmarshal(w.data, &whole)
	if err == nil {
		return nil
	}
	m := &Mistake{Pos: position(w.file, w.data, len(w.data)), Text: err.Error()}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		m.Pos = position(w.file, w.data, int(syntax.Offset)-1)
	}
	switch {
	case len(bytes.TrimSpace(w.data)) == 0:
		m.Pos, m.Text = Pos{File: w.file}, `the file is empty; want at least {"graphs": {"agent": "./agent:Graph"}}`
	case strings.HasPrefix(m.Text, "invalid character '/'"):
		m.Text = "a comment; this file is plain JSON, which has none"
	case m.Text == "invalid character '}' looking for beginning of object key string", m.Text == "invalid character ']' looking for beginning of value":
		m.Text = "a comma before the end; take it out"
	}
	return m
}

// node reads the next value.
func (w *walker) node() (*node, error) {
	n := &node{pos: w.next()}
	token, err := w.dec.Token()
	if err != nil {
		return nil, w.broken(err)
	}
	switch token {
	case json.Delim('{'):
		n.value, err = w.members()
	case json.Delim('['):
		n.value, err = w.elements()
	default:
		n.value = token
	}
	return n, err
}

func (w *walker) members() ([]member, error) {
	members := []member{}
	for w.dec.More() {
		m := member{pos: w.next()}
		token, err := w.dec.Token()
		if err != nil {
			return nil, w.broken(err)
		}
		m.key, _ = token.(string)
		if m.value, err = w.node(); err != nil {
			return nil, err
		}
		members = append(members, m)
	}
	return members, w.closing()
}

func (w *walker) elements() ([]*node, error) {
	elements := []*node{}
	for w.dec.More() {
		n, err := w.node()
		if err != nil {
			return nil, err
		}
		elements = append(elements, n)
	}
	return elements, w.closing()
}

// closing reads the bracket that ends an object or an array.
func (w *walker) closing() error {
	if _, err := w.dec.Token(); err != nil {
		return w.broken(err)
	}
	return nil
}

// next is the place where the next token begins: the decoder stands behind the last one.
func (w *walker) next() Pos {
	offset := int(w.dec.InputOffset())
	for offset < len(w.data) && strings.IndexByte(" \t\r\n,:", w.data[offset]) >= 0 {
		offset++
	}
	return position(w.file, w.data, offset)
}

func (w *walker) broken(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &Mistake{Pos: w.next(), Text: err.Error()}
}
