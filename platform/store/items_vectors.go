package store

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"github.com/locutory/locutory/platform/access"
)

// Vector is what an embedder makes of a text: near ones mean the same. Vectors of different lengths are never compared.
type Vector []float32

// putVectors puts an item's vectors in the place of those that it had.
func (s *Items) putVectors(tx *gorm.DB, scope access.ItemScope, n ItemNew) error {
	id := []any{part(scope.Partition()), joined(n.Namespace), storedText(n.Key)}
	if _, err := change(tx, "DELETE FROM item_vectors WHERE part = ? AND ns = ? AND key = ?", id...); err != nil {
		return err
	}
	var rows [][]any
	for i, v := range n.Vectors {
		if unit := v.unit(); unit != nil {
			rows = append(rows, append(slices.Clone(id), i, unit.column(s.db.dialect)))
		}
	}
	return insert(tx, "INSERT INTO item_vectors (part, ns, key, field, embedding)", rows, "")
}

// nearest compares with every vector that the condition reaches: exact, in Postgres where the extension pgvector is installed, else in
// this process. An item is as near as its nearest text.
func (s *Items) nearest(ctx context.Context, w condition, q ItemQuery) ([]Item, error) {
	near := q.Near.unit()
	if near == nil {
		return []Item{}, nil
	}
	var items []Item
	err := s.db.snapshot(ctx, func(tx *gorm.DB) error {
		rank := rankHere
		if s.db.pgvector && len(near) <= maxPgvector {
			rank = rankThere
		} else if s.db.dialect == Postgres {
			rank = rankArrays
		}
		best, err := rank(tx, w, near, q.Offset+q.Limit)
		if err != nil {
			return err
		}
		items, err = fetchRanked(tx, w, best[min(q.Offset, len(best)):])
		return err
	})
	return items, err
}

// ranked is an item by its nearness.
type ranked struct {
	ns, key string
	score   float64
}

func (a ranked) compare(b ranked) int {
	return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(a.ns, b.ns), strings.Compare(a.key, b.key))
}

// maxPgvector is how many numbers a vector of pgvector may have.
const maxPgvector = 16000

// rankThere has pgvector compare.
func rankThere(tx *gorm.DB, w condition, near Vector, most int) ([]ranked, error) {
	var best []ranked
	args := append([]any{near.column(Postgres)}, w.args...)
	err := each(tx, func(rows *sql.Rows) error {
		var item ranked
		err := rows.Scan(&item.ns, &item.key, &item.score)
		best = append(best, item)
		return err
	}, `SELECT i.ns, i.key, max(-(v.embedding::vector <#> ?::real[]::vector)) AS score
		FROM items AS i JOIN item_vectors AS v ON v.part = i.part AND v.ns = i.ns AND v.key = i.key
		WHERE `+w.sql+" AND cardinality(v.embedding) = ? GROUP BY i.ns, i.key ORDER BY score DESC, i.ns, i.key LIMIT ?",
		append(args, len(near), most)...)
	return best, err
}

// rankArrays compares here with what Postgres sends of its arrays.
func rankArrays(tx *gorm.DB, w condition, near Vector, most int) ([]ranked, error) {
	return rank(tx, w, "array_send(v.embedding)", near.dotArray, most)
}

// rankHere compares here with blobs.
func rankHere(tx *gorm.DB, w condition, near Vector, most int) ([]ranked, error) {
	return rank(tx, w, "v.embedding", near.dot, most)
}

// rank returns the most near items, the nearest first. It keeps no more than twice of them.
func rank(tx *gorm.DB, w condition, embedding string, dot func(data []byte) (float64, bool), most int) ([]ranked, error) {
	var best []ranked
	keep := func() {
		slices.SortFunc(best, ranked.compare)
		best = best[:min(most, len(best))]
	}
	// The vectors of an item come one after the other.
	err := each(tx, func(rows *sql.Rows) error {
		var (
			item ranked
			data sql.RawBytes
		)
		if err := rows.Scan(&item.ns, &item.key, &data); err != nil {
			return err
		}
		var ok bool
		if item.score, ok = dot(data); !ok {
			return nil
		}
		if n := len(best); n > 0 && best[n-1].ns == item.ns && best[n-1].key == item.key {
			best[n-1].score = max(best[n-1].score, item.score)
			return nil
		}
		if len(best) >= 2*most+64 {
			keep()
		}
		best = append(best, item)
		return nil
	}, `SELECT i.ns, i.key, `+embedding+` FROM items AS i JOIN item_vectors AS v ON v.part = i.part AND v.ns = i.ns AND v.key = i.key
		WHERE `+w.sql+" ORDER BY v.part, v.ns, v.key", w.args...)
	keep()
	return best, err
}

// fetchRanked reads the items in their order, by the same condition.
func fetchRanked(tx *gorm.DB, w condition, list []ranked) ([]Item, error) {
	const chunk = 64
	items := make([]Item, 0, len(list))
	for some := range slices.Chunk(list, chunk) {
		args := slices.Clone(w.args)
		for _, r := range some {
			args = append(args, r.ns, r.key)
		}
		read, err := scanItems(tx, "SELECT "+itemColumns+" FROM items AS i WHERE "+w.sql+
			" AND (i.ns, i.key) IN (VALUES (?, ?)"+strings.Repeat(", (?, ?)", len(some)-1)+")", args...)
		if err != nil {
			return nil, err
		}
		for _, r := range some {
			if at := slices.IndexFunc(read, func(i Item) bool { return i.ns == r.ns && i.Key == r.key }); at >= 0 {
				item := read[at]
				item.Score = &r.score
				items = append(items, item)
			}
		}
	}
	return items, nil
}

// unit returns the vector at length 1, nil if it has none that is a number.
func (v Vector) unit() Vector {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	length := math.Sqrt(sum)
	if length == 0 || math.IsNaN(length) || math.IsInf(length, 0) {
		return nil
	}
	out := make(Vector, len(v))
	for i, x := range v {
		out[i] = float32(float64(x) / length)
	}
	return out
}

// column is the vector as item_vectors has it: a blob of little endian numbers on SQLite, an array on Postgres.
func (v Vector) column(dialect string) any {
	if dialect == Postgres {
		out := []byte("{")
		for i, x := range v {
			if i > 0 {
				out = append(out, ',')
			}
			out = strconv.AppendFloat(out, float64(x), 'g', -1, 32)
		}
		return string(append(out, '}'))
	}
	out := make([]byte, 0, 4*len(v))
	for _, x := range v {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(x))
	}
	return out
}

// dot multiplies with a blob; false for a vector of another length.
func (v Vector) dot(data []byte) (float64, bool) {
	if len(data) != 4*len(v) {
		return 0, false
	}
	var sum float64
	for i, x := range v {
		sum += float64(x) * float64(math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])))
	}
	return sum, true
}

// dotArray is dot for an array in the binary form of Postgres: 20 bytes about its one dimension, then each number behind its size.
func (v Vector) dotArray(data []byte) (float64, bool) {
	const head = 20
	if len(data) != head+8*len(v) {
		return 0, false
	}
	var sum float64
	for i, x := range v {
		sum += float64(x) * float64(math.Float32frombits(binary.BigEndian.Uint32(data[head+8*i+4:])))
	}
	return sum, true
}
