package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// JSON is JSON that the store carries for others.
type JSON = json.RawMessage

// moment scans a time of either database: integer microseconds on SQLite, timestamptz on Postgres. NULL is the zero time.
type moment struct{ time.Time }

// Scan implements sql.Scanner.
func (m *moment) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		m.Time = time.Time{}
	case int64:
		m.Time = time.UnixMicro(v).UTC()
	case time.Time:
		m.Time = v.UTC()
	default:
		return fmt.Errorf("scan time: unexpected %T", src)
	}
	return nil
}

// at binds a time: what the columns of this database hold. The zero time is NULL.
func (db *DB) at(t time.Time) any {
	switch {
	case t.IsZero():
		return nil
	case db.dialect == Postgres:
		return t.UTC().Truncate(time.Microsecond)
	default:
		return t.UnixMicro()
	}
}

// clock is the time now, no finer than the database keeps it.
func (db *DB) clock() time.Time { return db.now().UTC().Truncate(time.Microsecond) }

// raw scans a JSON column of either database. NULL is nil.
type raw JSON

// Scan implements sql.Scanner.
func (r *raw) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*r = nil
	case string:
		*r = raw(v)
	case []byte:
		*r = bytes.Clone(v)
	default:
		return fmt.Errorf("scan JSON: unexpected %T", src)
	}
	return nil
}

// text binds JSON, as a string: SQLite takes bytes for its binary JSON. nil is NULL. What jsonb cannot hold, the escapes of NUL and
// of half a surrogate pair, becomes U+FFFD, on both databases alike.
func text(j JSON) any {
	switch {
	case j == nil:
		return nil
	case !utf8.Valid(j), bytes.Contains(j, []byte(`\u0000`)), bytes.Contains(j, []byte(`\ud`)), bytes.Contains(j, []byte(`\uD`)):
		return plain(j)
	default:
		return string(j)
	}
}

// plain rewrites JSON whose strings may hold what a database refuses. Decoding has turned bad UTF-8 and surrogates into U+FFFD.
func plain(j JSON) string {
	d := json.NewDecoder(bytes.NewReader(j))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return string(j) // the database will say what is wrong with it
	}
	out, err := json.Marshal(withoutNUL(v))
	if err != nil {
		return string(j)
	}
	return string(out)
}

func withoutNUL(v any) any {
	switch v := v.(type) {
	case string:
		return strings.ReplaceAll(v, "\x00", "\ufffd")
	case []any:
		for i := range v {
			v[i] = withoutNUL(v[i])
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, item := range v {
			out[strings.ReplaceAll(k, "\x00", "\ufffd")] = withoutNUL(item)
		}
		return out
	}
	return v
}

// closing closes rows and returns the first error.
func closing(rows io.Closer, err error) error {
	if closed := rows.Close(); err == nil {
		return closed
	}
	return err
}
