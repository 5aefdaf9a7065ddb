package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
)

// BodyError says why a request body cannot be used. Detail is meant for the client and names the field.
type BodyError struct {
	Malformed bool // not JSON at all: 400; otherwise JSON of the wrong shape: 422
	Detail    string
}

// Error returns the detail.
func (e *BodyError) Error() string { return e.Detail }

// Decode reads a request body into v, a pointer to one of this package's request types, and validates it.
// An empty body reads as {}. Nesting and numbers beyond what databases hold are refused. U+0000 inside strings becomes U+FFFD, since databases refuse it (rest.md 1.1).
// Unknown fields are ignored; [UnknownFields] lists them. Every error is a *[BodyError].
func Decode(body []byte, v any) error {
	if len(bytes.TrimSpace(body)) > 0 {
		if err := json.Unmarshal(withoutNUL(body), v); err != nil {
			return bodyError(err)
		}
		if err := storable(body); err != nil {
			return err
		}
	}
	if v, ok := v.(interface{ Validate() error }); ok {
		if err := v.Validate(); err != nil {
			// Joined errors come one a line; the client gets one line.
			return &BodyError{Detail: strings.ReplaceAll(err.Error(), "\n", "; ")}
		}
	}
	return nil
}

func bodyError(err error) *BodyError {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return &BodyError{Malformed: true, Detail: fmt.Sprintf("malformed JSON at byte %d: %s", syntax.Offset, syntax)}
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return &BodyError{Malformed: true, Detail: "malformed JSON: it ends early"}
	}
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		field := mismatch.Field
		if field == "" {
			field = "body"
		}
		got, _, _ := strings.Cut(mismatch.Value, " ")
		return &BodyError{Detail: fmt.Sprintf("%s: want %s, got %s", field, jsonName(mismatch.Type), got)}
	}
	return &BodyError{Detail: err.Error()}
}

// jsonName names a Go type in the words of JSON: clients do not know Go.
func jsonName(t reflect.Type) string {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == nil:
		return "another type"
	case t.Kind() == reflect.String:
		return "string"
	case t.Kind() == reflect.Bool:
		return "boolean"
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		return "array"
	case t.Kind() == reflect.Struct || t.Kind() == reflect.Map:
		return "object"
	case slices.Contains([]reflect.Kind{reflect.Float32, reflect.Float64}, t.Kind()):
		return "number"
	default:
		return "integer"
	}
}

// withoutNUL replaces the escape of U+0000 by that of U+FFFD, minding escaped backslashes.
func withoutNUL(body []byte) []byte {
	nul := []byte(`\u0000`)
	if !bytes.Contains(body, nul) {
		return body
	}
	out := bytes.Clone(body)
	for i := 0; i < len(out); i++ {
		if out[i] != '\\' {
			continue
		}
		if bytes.HasPrefix(out[i:], nul) {
			copy(out[i:], `\ufffd`)
		}
		i++ // what follows a backslash does not begin an escape
	}
	return out
}
