package store

import (
	"slices"
	"strings"

	"github.com/locutory/locutory/authhooks"
)

// equal renders $eq and $in.
func (c *compiler) equal(n authhooks.Node, plain bool) {
	switch {
	case len(n.Values) == 0:
		c.nothing(n.Key)
	case c.dialect == Postgres:
		c.equalPostgres(n, plain)
	default:
		c.equalSQLite(n)
	}
}

// equalPostgres compares jsonb, which is typed and exact by itself.
func (c *compiler) equalPostgres(n authhooks.Node, plain bool) {
	c.write("(")
	switch values, ok := texts(n.Values); {
	case ok && slices.Contains(c.indexed, n.Key):
		c.write(c.text(n.Key), " IN ", c.bind("?", values...), " AND ")
	case plain && len(n.Values) == 1: // for the GIN index
		c.write(column(c.alias), " @> ", c.bind("?::jsonb", `{`+isJSON(n.Key)+`:`+isJSON(n.Values[0])+`}`), " AND ")
	}
	c.write(c.value(n.Key), " IN ", c.bind("?::jsonb", jsons(n.Values)...), ")")
}

// equalSQLite compares the extracted value and its JSON type: without the type, 1 equals true and "1" may equal 1.
func (c *compiler) equalSQLite(n authhooks.Node) {
	var texts, numbers, types []any
	for _, v := range n.Values {
		switch v := v.(type) {
		case string:
			texts = append(texts, v)
		case bool:
			types = append(types, isJSON(v))
		default:
			numbers = append(numbers, v)
		}
	}
	var terms []string
	if len(texts) > 0 {
		terms = append(terms, "("+c.text(n.Key)+" IN "+c.bind("?", texts...)+" AND "+c.value(n.Key)+" = 'text')")
	}
	if len(numbers) > 0 {
		terms = append(terms, "("+c.text(n.Key)+" IN "+c.bind("?", numbers...)+" AND "+c.value(n.Key)+" IN ('integer', 'real'))")
	}
	if len(types) > 0 {
		terms = append(terms, "("+c.value(n.Key)+" IN "+c.bind("?", types...)+")")
	}
	c.write("(", strings.Join(terms, " OR "), ")")
}

// contains renders $contains and $containsAny.
func (c *compiler) contains(n authhooks.Node, plain bool) {
	switch {
	case len(n.Values) == 0:
		c.nothing(n.Key)
	case c.dialect == Postgres:
		c.containsPostgres(n, plain)
	default:
		c.containsSQLite(n)
	}
}

// containsPostgres asks for arrays on both sides: `@>` lets an array contain a bare scalar, and only then is "a" in "a".
func (c *compiler) containsPostgres(n authhooks.Node, plain bool) {
	array := `[` + strings.Join(strs(jsons(n.Values)), ",") + `]`
	c.write("(")
	if plain && n.Op == authhooks.OpContains { // for the GIN index
		c.write(column(c.alias), " @> ", c.bind("?::jsonb", `{`+isJSON(n.Key)+`:`+array+`}`), " AND ")
	}
	c.write("jsonb_typeof", c.value(n.Key), " = 'array' AND ")
	if n.Op == authhooks.OpContains {
		c.write(c.value(n.Key), " @> ", c.bind("?::jsonb", array), ")")
		return
	}
	c.write("(")
	for i, v := range jsons(n.Values) {
		if i > 0 {
			c.write(" OR ")
		}
		c.write(c.value(n.Key), " @> ", c.bind("?::jsonb", `[`+v.(string)+`]`))
	}
	c.write("))")
}

// containsSQLite looks for each value among the items.
func (c *compiler) containsSQLite(n authhooks.Node) {
	by := " AND "
	if n.Op == authhooks.OpContainsAny {
		by = " OR "
	}
	c.write("(CASE WHEN ", c.value(n.Key), " IS NULL THEN NULL WHEN ", c.value(n.Key), " <> 'array' THEN FALSE ELSE (")
	for i, v := range n.Values {
		if i > 0 {
			c.write(by)
		}
		c.write("EXISTS (SELECT 1 FROM json_each(", column(c.alias), ", ", path(n.Key), ") AS item WHERE ")
		switch v := v.(type) {
		case string:
			c.write("item.type = 'text' AND item.value = ", c.bind("?", v))
		case bool:
			c.write("item.type = ", c.bind("?", isJSON(v)))
		default:
			c.write("item.type IN ('integer', 'real') AND item.value = ", c.bind("?", v))
		}
		c.write(")")
	}
	c.write(") END)")
}

// bind adds the arguments and returns their places in parentheses, each written as place.
func (c *compiler) bind(place string, args ...any) string {
	c.args = append(c.args, args...)
	return "(" + strings.TrimSuffix(strings.Repeat(place+", ", len(args)), ", ") + ")"
}

// texts returns the values when all are strings.
func texts(values []any) ([]any, bool) {
	for _, v := range values {
		if _, ok := v.(string); !ok {
			return nil, false
		}
	}
	return values, true
}

// jsons returns the JSON text of each value.
func jsons(values []any) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = isJSON(v)
	}
	return out
}

func strs(values []any) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i], _ = v.(string)
	}
	return out
}
