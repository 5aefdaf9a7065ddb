package store

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/locutory/locutory/graphs"
)

// valueSQL renders the condition that the value of an item AS i passes a client's filter, so that it does exactly when
// [graphs.StoreFilter.Match] says so. Keys and operands are clients' text: all of it is bound.
func valueSQL(dialect string, f graphs.StoreFilter) (sql string, args []any) {
	if len(f.Members) == 0 {
		return "TRUE", nil
	}
	c := valueFilter{containment{compiler: compiler{dialect: dialect}, column: "i.value"}}
	if dialect == Postgres {
		c.allPostgres(nil, f)
	} else {
		c.all(c.column, f, 0)
	}
	return "(" + c.sql.String() + ")", c.args
}

// valueFilter renders for both databases. On SQLite it looks inside of values by json_each, as [containment] does.
type valueFilter struct{ containment }

// all is the condition that the object of passes f.
func (c *valueFilter) all(of string, f graphs.StoreFilter, depth int) {
	for i, m := range f.Members {
		if i > 0 {
			c.write(" AND ")
		}
		c.keyed(of, m.Key, depth, func(item string) { c.passes(item, m, depth+1) })
	}
}

// keyed is the condition that the object of has a key whose value passes test.
func (c *valueFilter) keyed(of, key string, depth int, test func(item string)) {
	c.exists(of, depth, func(item string) {
		c.write(item, ".key = ", c.bind("?", withoutNUL(key)), " AND ")
		test(item)
	})
}

// passes is the condition that the value of a json_each row passes m. It is never NULL.
func (c *valueFilter) passes(item string, m graphs.StoreMember, depth int) {
	switch m.Op {
	case "":
		c.write("(", item, ".type = 'object'")
		if len(m.Inner.Members) > 0 {
			c.write(" AND ")
			c.all(inside(item, "object", "{}"), m.Inner, depth)
		}
		c.write(")")
	case graphs.OpEqual:
		c.same(item, m.Operand, depth)
	case graphs.OpNotEqual:
		c.write("NOT ")
		c.same(item, m.Operand, depth)
	default:
		if text, ok := m.Operand.(string); ok {
			c.write("(", item, ".type = 'text' AND ", item, ".value ", sign(m.Op), " ", c.bind("?", withoutNUL(text)), ")")
			return
		}
		number, _ := m.Operand.(json.Number)
		c.write("(", item, ".type IN ('integer', 'real') AND ", item, ".value ", sign(m.Op), " ", c.bind("?", numberOf(number)), ")")
	}
}

// same is the condition that the value of a json_each row equals v.
func (c *valueFilter) same(item string, v any, depth int) {
	switch v := v.(type) {
	case []any:
		of := inside(item, "array", "[]")
		c.write("(", item, ".type = 'array' AND json_array_length(", of, ") = ", strconv.Itoa(len(v)))
		for i, each := range v {
			c.write(" AND ")
			c.exists(of, depth, func(inner string) {
				c.write(inner, ".key = ", strconv.Itoa(i), " AND ")
				c.same(inner, each, depth+1)
			})
		}
		c.write(")")
	case map[string]any:
		of := inside(item, "object", "{}")
		c.write("(", item, ".type = 'object' AND (SELECT count(*) FROM json_each(", of, ")) = ", strconv.Itoa(len(v)))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			c.write(" AND ")
			c.keyed(of, k, depth, func(inner string) { c.same(inner, v[k], depth+1) })
		}
		c.write(")")
	case nil, bool:
		c.write("(")
		c.holds(item, v, depth)
		c.write(")")
	default:
		c.holds(item, v, depth)
	}
}

// allPostgres is the condition that the object at a path passes f. What is not there is NULL, which no operator passes.
func (c *valueFilter) allPostgres(path []string, f graphs.StoreFilter) {
	for i, m := range f.Members {
		if i > 0 {
			c.write(" AND ")
		}
		at := array(append(slices.Clone(path), m.Key))
		switch m.Op {
		case "":
			c.write("jsonb_typeof(", c.column, " #> ", c.bind("?::text[]", at), ") = 'object'")
			if len(m.Inner.Members) > 0 { // only inside of an object is a path's number no place in a list
				c.write(" AND ")
				c.allPostgres(append(slices.Clone(path), m.Key), m.Inner)
			}
		case graphs.OpEqual, graphs.OpNotEqual:
			c.write("(", c.column, " #> ", c.bind("?::text[]", at), ") ", sign(m.Op), " ", c.bind("?::jsonb", operand(m.Operand)))
		default:
			c.orderPostgres(at, m)
		}
	}
}

func (c *valueFilter) orderPostgres(at string, m graphs.StoreMember) {
	if text, ok := m.Operand.(string); ok {
		c.write("jsonb_typeof(", c.column, " #> ", c.bind("?::text[]", at), ") = 'string' AND (", c.column, " #>> ", c.bind("?::text[]", at),
			`) COLLATE "C" `, sign(m.Op), " ", c.bind("?::text", withoutNUL(text)))
		return
	}
	c.write("jsonb_typeof(", c.column, " #> ", c.bind("?::text[]", at), ") = 'number' AND (", c.column, " #> ", c.bind("?::text[]", at),
		") ", sign(m.Op), " ", c.bind("?::jsonb", operand(m.Operand)))
}

// sign is an operator in SQL.
func sign(op string) string {
	switch op {
	case graphs.OpEqual:
		return "="
	case graphs.OpNotEqual:
		return "<>"
	case graphs.OpGreater:
		return ">"
	case graphs.OpGreaterOrEqual:
		return ">="
	case graphs.OpLess:
		return "<"
	default:
		return "<="
	}
}

// operand is the JSON text of an operand.
func operand(v any) any {
	out, err := json.Marshal(v)
	if err != nil { // it was decoded from JSON
		return "null"
	}
	return text(out)
}

// array is the literal of a text[].
func array(items []string) string {
	quoted := make([]string, len(items))
	for i, item := range items {
		item, _ = withoutNUL(item).(string)
		quoted[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(item) + `"`
	}
	return "{" + strings.Join(quoted, ",") + "}"
}
