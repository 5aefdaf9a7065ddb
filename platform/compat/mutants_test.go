package compat

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mutant is a body with one thing wrong, or merely odd.
type mutant struct {
	// at is the JSON pointer of what was changed, and how is the change.
	at, how string
	body    string
}

// hostileValues are what a place of a body is replaced by: other types, sizes, depths, and texts that databases choke on.
func hostileValues() map[string]string {
	values := map[string]string{
		"null": `null`, "true": `true`, "false": `false`, "zero": `0`, "minus one": `-1`, "one": `1`, "a half": `0.5`, "huge": `1e308`,
		"beyond int64": `9223372036854775808`, "empty text": `""`, "text": `"text"`, "empty list": `[]`, "empty object": `{}`, "a list of null": `[null]`,
		"an object of null": `{"a": null}`, "lists of lists": `[[[]], {"a": [{}]}]`, "a long text": `"` + strings.Repeat("x", 70_000) + `"`,
		"many": `[` + strings.Repeat(`"a",`, 2000) + `"a"]`, "a bare NUL": "\"\x00\"", "a control": "\"\x01\"", "no JSON": `nonsense`, "cut": `{"a": `,
	}
	maps.Copy(values, hostileTexts())
	return values
}

const mark = "HERE-IS-WHERE-IT-GOES"

// mutants makes bodies of the sample: each of its places with each hostile value, each field left out, each object with an odd field more.
func mutants(t *testing.T, sample any, keep func(n int) bool) []mutant {
	t.Helper()
	var all []mutant
	n := 0
	write := func(at, how string, doc any, value string) {
		if n++; !keep(n) {
			return
		}
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, mutant{at, how, strings.Replace(string(text), `"`+mark+`"`, value, 1)})
	}
	values := hostileValues()
	for _, at := range places(sample, "") {
		for _, how := range slices.Sorted(maps.Keys(values)) {
			write(at, how, changed(sample, at, func(any) any { return mark }), values[how])
		}
		if _, isObject := lookup(sample, at).(map[string]any); isObject {
			more := func(v any) any {
				out := maps.Clone(v.(map[string]any))
				out["an odd\u2028 field"] = mark
				return out
			}
			for _, how := range []string{"null", "U+0000", "half a surrogate pair", "no UTF-8", "a giant exponent", "deeper lists"} {
				write(at, "one more field of "+how, changed(sample, at, more), values[how])
			}
		}
		if at != "" {
			write(at, "left out", leftOut(sample, at), "")
		}
	}
	return all
}

// places are the JSON pointers of all values, the whole one first.
func places(v any, at string) []string {
	all := []string{at}
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			all = append(all, places(v[key], at+"/"+key)...)
		}
	case []any:
		for i := range v {
			all = append(all, places(v[i], fmt.Sprintf("%s/%d", at, i))...)
		}
	}
	return all
}

func lookup(v any, at string) any {
	for _, part := range strings.Split(at, "/")[1:] {
		switch in := v.(type) {
		case map[string]any:
			v = in[part]
		case []any:
			i, _ := strconv.Atoi(part)
			v = in[i]
		}
	}
	return v
}

// changed is a copy of v with what is at a place changed.
func changed(v any, at string, change func(any) any) any {
	if at == "" {
		return change(v)
	}
	part, rest, more := strings.Cut(at[1:], "/")
	if more {
		rest = "/" + rest
	}
	switch in := v.(type) {
	case map[string]any:
		out := maps.Clone(in)
		if out[part] = changed(in[part], rest, change); out[part] == gone {
			delete(out, part)
		}
		return out
	case []any:
		i, _ := strconv.Atoi(part)
		out := slices.Clone(in)
		if out[i] = changed(in[i], rest, change); out[i] == gone {
			out = slices.Delete(out, i, i+1)
		}
		return out
	}
	return v
}

// gone is what leftOut leaves out.
const gone = mark + "-GONE"

func leftOut(v any, at string) any { return changed(v, at, func(any) any { return gone }) }

// samples are the body that the route takes, and the same with one more field each. Every field of the request has to be in one of them.
func (b bodied) samples(t *testing.T, fill func(string) string) map[string]any {
	t.Helper()
	var base any
	var more map[string]any
	for text, into := range map[string]any{b.base: &base, b.more: &more} {
		if err := json.Unmarshal([]byte(fill(text)), into); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
	}
	all := map[string]any{"": base}
	object, isObject := base.(map[string]any)
	for field, value := range more {
		one := maps.Clone(object)
		one[field] = value
		all[field] = one
	}
	if !isObject {
		return all
	}
	for i := range b.request.NumField() {
		field := b.request.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		_, inBase := object[name]
		_, inMore := more[name]
		if !inBase && !inMore {
			t.Errorf("%s: no sample has the field %s; add one, so that it is fuzzed", b.request, name)
		}
	}
	for name := range all {
		if known := slices.ContainsFunc(reflect.VisibleFields(b.request), func(f reflect.StructField) bool {
			is, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			return is == name
		}); name != "" && !known {
			t.Errorf("%s has no field %s", b.request, name)
		}
	}
	return all
}
