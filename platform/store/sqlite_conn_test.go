package store

import (
	"fmt"
	"path/filepath"
	"testing"
)

// TestKeptStatements runs more texts than a connection keeps, one text within itself, and a text across a change of the schema.
func TestKeptStatements(t *testing.T) {
	t.Parallel()
	db := setup(t, Config{URI: filepath.Join(t.TempDir(), "x.db")})
	for i := range 2 * keptStatements {
		var got int
		if err := one(db.exec(t.Context()), []any{&got}, fmt.Sprintf("SELECT %d + ?", i), 1); err != nil || got != i+1 {
			t.Fatalf("%d: got %d, %v", i, got, err)
		}
	}
	conn, err := db.pool.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}()
	err = conn.Raw(func(c any) error {
		if n := c.(*keptConn).used.Len(); n != keptStatements || len(c.(*keptConn).byText) != n {
			t.Errorf("%d statements are kept, want %d", n, keptStatements)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	const two = "SELECT 1 UNION ALL SELECT 2"
	outer, err := conn.QueryContext(t.Context(), two)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for outer.Next() {
		inner, err := conn.QueryContext(t.Context(), two)
		if err != nil {
			t.Fatal(err)
		}
		for inner.Next() {
			n++
		}
		if err := inner.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := outer.Close(); err != nil || n != 4 {
		t.Errorf("%d rows, %v; want 4", n, err)
	}
	for i, statement := range []string{"CREATE TABLE x (a INTEGER)", "SELECT * FROM x", "ALTER TABLE x ADD COLUMN b INTEGER", "SELECT * FROM x"} {
		rows, err := conn.QueryContext(t.Context(), statement)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			t.Error("a row")
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		if want := []int{0, 1, 0, 2}[i]; len(columns) != want {
			t.Errorf("%s: columns %v, want %d", statement, columns, want)
		}
	}
}
