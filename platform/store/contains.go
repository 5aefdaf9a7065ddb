package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/locutory/locutory/authhooks"
)

// ErrQuery says that a client's search asks for more than one statement can hold: 422.
var ErrQuery = errors.New("the search is too complex")

// The limits of a containment search.
const (
	maxContainsDepth = 16
	maxContainsTerms = 256
)

// containsSQL renders the condition that the JSON column contains the object want, with the meaning of Postgres's `@>`: every key is
// there and contains its value; every item of an array is in the other array; scalars are equal with their type. indexed helps as in
// [filterSQL]. An empty object is contained in all.
func containsSQL(dialect, alias, name string, want JSON, indexed ...string) (sql string, args []any, err error) {
	d := json.NewDecoder(bytes.NewReader(want))
	d.UseNumber()
	var doc map[string]any
	if err := d.Decode(&doc); err != nil {
		return "", nil, fmt.Errorf("%w: %s is no JSON object", ErrQuery, name)
	}
	if len(doc) == 0 {
		return "TRUE", nil, nil
	}
	c := containment{compiler: compiler{dialect: dialect, alias: alias, indexed: indexed}, column: quoteName(alias) + "." + quoteName(name)}
	if err := c.measure(doc, 0); err != nil {
		return "", nil, err
	}
	if dialect == Postgres {
		return c.column + " @> ?::jsonb", []any{text(want)}, nil
	}
	if name != "metadata" { // a graph may have made JSON of more levels than SQLite reads, which would be an error of the whole search
		c.column = "CASE WHEN json_valid(" + c.column + ") THEN " + c.column + " ELSE '{}' END"
	}
	for i, k := range slices.Sorted(maps.Keys(doc)) {
		if i > 0 {
			c.write(" AND ")
		}
		if v, ok := scalarOf(doc[k]); ok && name == "metadata" && checkKey(k) == nil {
			c.equalSQLite(authhooks.Node{Op: authhooks.OpEq, Key: k, Values: []any{v}})
			continue
		}
		c.member(c.column, k, doc[k], 0)
	}
	return c.sql.String(), c.args, nil
}

// containment renders for SQLite. Keys are client's text here, so they are compared by json_each and bound, never put into a path.
type containment struct {
	compiler
	column string
	terms  int
}

// measure refuses what SQLite's parser would.
func (c *containment) measure(v any, depth int) error {
	if c.terms++; c.terms > maxContainsTerms || depth > maxContainsDepth {
		return fmt.Errorf("%w: more than %d terms or %d levels", ErrQuery, maxContainsTerms, maxContainsDepth)
	}
	var items []any
	switch v := v.(type) {
	case []any:
		items = v
	case map[string]any:
		items = slices.Collect(maps.Values(v))
	}
	for _, item := range items {
		if err := c.measure(item, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// member is the condition that the object of has key and its value contains v.
func (c *containment) member(of, key string, v any, depth int) {
	c.exists(of, depth, func(item string) {
		c.write(item, ".key = ", c.bind("?", withoutNUL(key)), " AND ")
		c.holds(item, v, depth+1)
	})
}

// exists is the condition that an item of an object or array passes test.
func (c *containment) exists(of string, depth int, test func(item string)) {
	item := "j" + strconv.Itoa(depth)
	c.write("EXISTS (SELECT 1 FROM json_each(", of, ") AS ", item, " WHERE ")
	test(item)
	c.write(")")
}

// holds is the condition that the value of a json_each row contains v.
func (c *containment) holds(item string, v any, depth int) {
	switch v := v.(type) {
	case nil:
		c.write(item, ".type = 'null'")
	case bool:
		c.write(item, ".type = ", c.bind("?", isJSON(v)))
	case string:
		c.write("(", item, ".type = 'text' AND ", item, ".value = ", c.bind("?", withoutNUL(v)), ")")
	case json.Number:
		c.write("(", item, ".type IN ('integer', 'real') AND ", item, ".value = ", c.bind("?", numberOf(v)), ")")
	case []any:
		c.write("(", item, ".type = 'array'")
		for _, each := range v {
			c.write(" AND ")
			c.exists(inside(item, "array", "[]"), depth, func(inner string) { c.holds(inner, each, depth+1) })
		}
		c.write(")")
	case map[string]any:
		c.write("(", item, ".type = 'object'")
		for _, k := range slices.Sorted(maps.Keys(v)) {
			c.write(" AND ")
			c.member(inside(item, "object", "{}"), k, v[k], depth)
		}
		c.write(")")
	}
}

// inside is the value of a json_each row if it has the type, else an empty one: SQLite may look inside before it looks at the type,
// and a string is no JSON.
func inside(item, kind, empty string) string {
	return "CASE WHEN " + item + ".type = '" + kind + "' THEN " + item + ".value ELSE '" + empty + "' END"
}

// scalarOf returns v as the value of a filter, if it is one. Null is none: no filter equals it.
func scalarOf(v any) (any, bool) {
	switch v := v.(type) {
	case string:
		return withoutNUL(v), true
	case bool:
		return v, true
	case json.Number:
		return numberOf(v), true
	default:
		return nil, false
	}
}

// numberOf returns what SQLite makes of a JSON number.
func numberOf(n json.Number) any {
	if i, err := n.Int64(); err == nil {
		return i
	}
	f, _ := n.Float64() // out of range is infinite, on both sides
	return f
}
