package store

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// checkpointContains renders the condition that the metadata of checkpoints c, as readers see it, contains want: what the run brought is
// in the column of that name, and source, step and parents, which win over it, are in columns of their own.
func (db *DB) checkpointContains(want map[string]json.RawMessage) (sql string, args []any, err error) {
	rest := maps.Clone(want)
	sql = "TRUE"
	for _, key := range slices.Sorted(maps.Keys(want)) {
		switch key {
		case "source":
			sql, args = db.equals(sql, args, "c.source", want[key], "")
		case "step":
			sql, args = db.equals(sql, args, "c.step", want[key], json.Number(""))
		case "parents":
			more, moreArgs, err := db.containsObject("parents", want[key])
			if err != nil {
				return "", nil, err
			}
			sql, args = sql+" AND "+more, append(args, moreArgs...)
		default:
			continue
		}
		delete(rest, key)
	}
	if len(rest) == 0 {
		return sql, args, nil
	}
	whole, err := json.Marshal(rest)
	if err != nil {
		return "", nil, fmt.Errorf("%w: metadata: %w", ErrQuery, err)
	}
	more, moreArgs, err := db.containsObject("metadata", whole)
	return sql + " AND " + more, append(args, moreArgs...), err
}

// equals adds that a column equals a value of the kind of like; one of another kind equals none.
func (db *DB) equals(sql string, args []any, column string, value json.RawMessage, like any) (string, []any) {
	switch like.(type) {
	case string:
		var text string
		if json.Unmarshal(value, &text) == nil && string(value) != "null" {
			return sql + " AND " + column + " = ?", append(args, withoutNUL(text))
		}
	default:
		var n float64
		if json.Unmarshal(value, &n) == nil && string(value) != "null" {
			return sql + " AND " + column + " = ?", append(args, n)
		}
	}
	return sql + " AND FALSE", args
}

// containsObject is that a JSON column of checkpoints contains want.
func (db *DB) containsObject(name string, want JSON) (string, []any, error) {
	if len(want) == 0 || want[0] != '{' {
		return "FALSE", nil, nil // an object contains nothing else
	}
	if db.dialect == Postgres && name == "parents" { // of type json, which keeps its bytes
		return "c.parents::jsonb @> ?::jsonb", []any{text(want)}, nil
	}
	sql, args, err := containsSQL(db.dialect, "c", name, want)
	if err == nil && db.dialect == SQLite { // which reads no JSON of more than a thousand levels
		sql = "CASE WHEN json_valid(c." + quoteName(name) + ") THEN (" + sql + ") ELSE FALSE END"
	}
	return sql, args, err
}
