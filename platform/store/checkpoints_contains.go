package store

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
)

// checkpointContains renders the condition that the metadata of checkpoints c, as readers see it, contains want: what the run brought is
// in the column of that name, and source, step and parents, which win over it, are in columns of their own.
func (db *DB) checkpointContains(want map[string]json.RawMessage) (sql string, args []any, err error) {
	rest := maps.Clone(want)
	sql = "TRUE"
	for _, key := range slices.Sorted(maps.Keys(want)) {
		var more string
		var moreArgs []any
		switch key {
		case "source":
			more, moreArgs = isSource(want[key])
		case "step":
			more, moreArgs = isStep(want[key])
		case "parents":
			if more, moreArgs, err = db.containsObject("parents", want[key]); err != nil {
				return "", nil, err
			}
		default:
			continue
		}
		sql, args = sql+" AND "+more, append(args, moreArgs...)
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

// isSource and isStep are that those columns equal a value of JSON; one of another kind equals none.
func isSource(value json.RawMessage) (string, []any) {
	var text *string
	if json.Unmarshal(value, &text) != nil || text == nil {
		return "FALSE", nil
	}
	return "c.source = ?", []any{withoutNUL(*text)}
}

func isStep(value json.RawMessage) (string, []any) {
	var n *float64
	if json.Unmarshal(value, &n) != nil || n == nil || *n != math.Trunc(*n) || math.Abs(*n) > math.MaxInt32 {
		return "FALSE", nil
	}
	return "c.step = ?", []any{int64(*n)}
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
