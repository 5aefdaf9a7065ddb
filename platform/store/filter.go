package store

import (
	"encoding/json"
	"strings"

	"github.com/locutory/locutory/authhooks"
)

// reach renders the condition that a row's metadata passes a scope's filter; alias is the table's name in the statement. No filter
// is no condition: TRUE.
func (db *DB) reach(alias string, f *authhooks.Filter) (sql string, args []any) {
	if f == nil {
		return "TRUE", nil
	}
	return filterSQL(db.dialect, alias, *f, db.indexed...)
}

// filterSQL renders a filter over alias.metadata so that a row passes exactly when [authhooks.Filter.Match] says so, three-valued as
// there: a condition on a key that is not there is NULL. Equality on one of the indexed keys is said twice, once so that the
// index serves it and once exactly. Keys pass through [extract], values are bound. An invalid filter matches no row.
func filterSQL(dialect, alias string, f authhooks.Filter, indexed ...string) (sql string, args []any) {
	if f.Validate() != nil {
		return "FALSE", nil
	}
	c := compiler{dialect: dialect, alias: alias, indexed: indexed}
	c.node(f.Node(), true)
	return c.sql.String(), c.args
}

// compiler builds one condition.
type compiler struct {
	dialect, alias string
	indexed        []string
	sql            strings.Builder
	args           []any
}

func (c *compiler) write(parts ...string) {
	for _, p := range parts {
		c.sql.WriteString(p)
	}
}

// node renders n. plain says that no Not is above it, so that FALSE does where NULL would be exact.
func (c *compiler) node(n authhooks.Node, plain bool) {
	switch n.Op {
	case authhooks.OpAnd:
		c.join(n.Nodes, " AND ", plain)
	case authhooks.OpOr:
		c.join(n.Nodes, " OR ", plain)
	case authhooks.OpNot:
		c.write("NOT ")
		c.join(n.Nodes, "", false)
	case authhooks.OpExists:
		c.write("(", c.value(n.Key), " IS NOT NULL)")
	case authhooks.OpEq, authhooks.OpIn:
		c.equal(n, plain)
	case authhooks.OpContains, authhooks.OpContainsAny:
		c.contains(n, plain)
	default: // OpNone, and what this version does not know
		c.write("FALSE")
	}
}

func (c *compiler) join(nodes []authhooks.Node, by string, plain bool) {
	c.write("(")
	for i, n := range nodes {
		if i > 0 {
			c.write(by)
		}
		c.node(n, plain)
	}
	c.write(")")
}

// nothing is the condition that no value passes: FALSE, or NULL when the key is not there.
func (c *compiler) nothing(key string) {
	c.write("(", c.value(key), " IS NULL AND NULL)")
}

// value is the expression of key's value that is NULL only when the key is not there. SQLite: its type.
func (c *compiler) value(key string) string {
	if c.dialect == Postgres {
		return "(" + column(c.alias) + " -> " + quoteText(key) + ")"
	}
	return "json_type(" + column(c.alias) + ", " + path(key) + ")"
}

// text is the expression of key's value that an index may be on.
func (c *compiler) text(key string) string { return extract(c.dialect, c.alias, key) }

// column names the metadata column.
func column(alias string) string {
	if alias == "" {
		return "metadata"
	}
	return quoteName(alias) + ".metadata"
}

// extract is the expression of a metadata key's value that indexes are made on: its text on Postgres, the value on SQLite.
func extract(dialect, alias, key string) string {
	if dialect == Postgres {
		return "(" + column(alias) + " ->> " + quoteText(key) + ")"
	}
	return "json_extract(" + column(alias) + ", " + path(key) + ")"
}

// path is the JSON path of a top-level key as a literal. It is the only place where a key becomes SQL on SQLite. A quote or a
// backslash, which [checkKey] has refused, would end the label or change its meaning: such a path names nothing.
func path(key string) string {
	if strings.ContainsAny(key, "\"\\\x00") {
		key = ""
	}
	return quoteText(`$."` + key + `"`)
}

// isJSON is the JSON text of a scalar of a filter.
func isJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil { // a validated filter has none such
		return "null"
	}
	return string(text)
}
