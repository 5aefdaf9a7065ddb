package wire

import (
	"fmt"
	"strconv"
)

// What every database holds: SQLite reads JSON of a thousand levels, to which rows add some of their own, and Postgres numbers of
// some digits. A row beyond that would make statements fail that only pass by it, those of other users too.
const (
	maxLevels = 500
	maxDigits = 1000
)

// Storable returns an error, in a client's words, for valid JSON that a database would refuse to keep as a row's own: deeper than 500
// levels, or with a number beyond a double's range or a thousand digits.
func Storable(value []byte) error {
	if err := storable(value); err != nil {
		return err
	}
	return nil
}

// storable returns what is wrong with a body, which must be valid JSON, that a database would refuse; nil if nothing is.
func storable(body []byte) *BodyError {
	level := 0
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '"':
			i = endOfString(body, i)
		case c == '{' || c == '[':
			if level++; level > maxLevels {
				return &BodyError{Detail: fmt.Sprintf("the body nests deeper than %d levels", maxLevels)}
			}
		case c == '}' || c == ']':
			level--
		case c == '-' || '0' <= c && c <= '9':
			end := endOfNumber(body, i)
			if !representable(body[i:end]) {
				return &BodyError{Detail: fmt.Sprintf("the number %.40s is out of range", body[i:end])}
			}
			i = end - 1
		}
	}
	return nil
}

// endOfString returns where the string that begins at i ends.
func endOfString(body []byte, i int) int {
	for i++; i < len(body) && body[i] != '"'; i++ {
		if body[i] == '\\' {
			i++
		}
	}
	return i
}

// endOfNumber returns the place after the number that begins at i.
func endOfNumber(body []byte, i int) int {
	for ; i < len(body); i++ {
		switch c := body[i]; {
		case '0' <= c && c <= '9', c == '-', c == '+', c == '.', c == 'e', c == 'E':
		default:
			return i
		}
	}
	return i
}

// representable tells whether a number is within what clients and databases count with.
func representable(number []byte) bool {
	if len(number) < 20 && !hasExponent(number) {
		return true
	}
	_, err := strconv.ParseFloat(string(number), 64)
	return err == nil && len(number) <= maxDigits
}

func hasExponent(number []byte) bool {
	for _, c := range number {
		if c == 'e' || c == 'E' {
			return true
		}
	}
	return false
}
