package config

import (
	"bytes"
	"fmt"
)

// Pos is a place in a configuration file. Line and Column count from 1, columns in bytes as the Go compiler counts.
// The zero Line means the file as a whole.
type Pos struct {
	File         string
	Line, Column int
}

// String returns file:line:column, or the file alone.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// position turns a byte offset of data into a place that an editor can jump to.
func position(file string, data []byte, offset int) Pos {
	before := data[:min(max(offset, 0), len(data))]
	return Pos{
		File:   file,
		Line:   1 + bytes.Count(before, []byte("\n")),
		Column: len(before) - bytes.LastIndexByte(before, '\n'),
	}
}
