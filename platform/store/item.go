package store

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
	"unicode/utf8"
)

// Item is a row of items. Value is never nil.
type Item struct {
	Namespace            []string
	Key                  string
	Value                JSON
	CreatedAt, UpdatedAt time.Time
	Score                *float64 // of a search by meaning

	ns      string
	ttl     float64 // in minutes; 0: it stays
	expires time.Time
}

// ItemNew is an item that is to be stored. Namespace and key are sound: see [graphs.CheckItem].
type ItemNew struct {
	Namespace []string
	Key       string
	Value     JSON // an object
	// TTLMinutes is how long it lives; 0: for ever.
	TTLMinutes float64
	// Vectors are what searches by meaning compare with, one for each text of the item; none leaves it out of them.
	Vectors []Vector
}

// itemColumns are the columns of an Item, of items AS i, in the order of [scanItem].
const itemColumns = "i.ns, i.key, i.value, i.ttl_minutes, i.expires_at, i.created_at, i.updated_at"

func scanItem(r row, more ...any) (Item, error) {
	var (
		i                         Item
		minutes                   *float64
		expires, created, updated moment
	)
	dest := []any{&i.ns, &i.Key, (*raw)(&i.Value), &minutes, &expires, &created, &updated}
	if err := r.Scan(append(dest, more...)...); err != nil {
		return Item{}, found(err)
	}
	if minutes != nil {
		i.ttl = *minutes
	}
	i.Namespace, i.expires = labels(i.ns), expires.Time
	i.CreatedAt, i.UpdatedAt = created.Time, updated.Time
	return i, nil
}

// joined is a namespace as the column has it: each label ended by a period. What no database takes for text is replaced, as in bodies.
func joined(namespace []string) string {
	var b strings.Builder
	for _, label := range namespace {
		b.WriteString(storedText(label))
		b.WriteByte('.')
	}
	return b.String()
}

// labels is the inverse of joined.
func labels(ns string) []string {
	if ns == "" {
		return []string{}
	}
	return strings.Split(strings.TrimSuffix(ns, "."), ".")
}

// storedText is s as a text column holds it.
func storedText(s string) string {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\ufffd")
	}
	return withoutNUL(s).(string)
}

// below renders the condition that a namespace is the prefix or below it: one range of the primary key. It is by whole labels and
// from the first label on (H-20).
func below(prefix string) (sql string, args []any) {
	if prefix == "" {
		return "TRUE", nil
	}
	return "(i.ns >= ? AND i.ns < ?)", []any{prefix, strings.TrimSuffix(prefix, ".") + "/"} // '/' follows '.'
}

// maxPart keeps the primary key within what an index entry of Postgres holds.
const maxPart = 256

// part is the column of a partition. A long name is stored as its hash; # is in no name, since names are escaped.
func part(partition string) string {
	if len(partition) <= maxPart {
		return partition
	}
	sum := sha256.Sum256([]byte(partition))
	return "#" + hex.EncodeToString(sum[:])
}
