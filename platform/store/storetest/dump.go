package storetest

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
)

// tables are all that hold what users have made.
var tables = []string{
	"assistants", "assistant_versions", "threads", "thread_values", "runs", "checkpoints", "channel_values", "writes", "events",
	"deliveries", "feedback", "crons", "items", "logs",
}

// Dump returns everything that a database holds of users as text, for tests of what must not be in it.
func Dump(t testing.TB, uri string) string {
	t.Helper()
	driver, dsn := "sqlite", "file:"+uri+"?_pragma=busy_timeout(5000)"
	if strings.HasPrefix(uri, "postgres") {
		driver, dsn = "pgx", uri
	}
	pool, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer closed(t, pool)
	var out strings.Builder
	for _, table := range tables {
		rows, err := pool.QueryContext(t.Context(), "SELECT * FROM "+table)
		if err != nil {
			t.Fatalf("%s: %v", table, err)
		}
		columns, err := rows.Columns()
		if err != nil {
			t.Fatalf("%s: %v", table, err)
		}
		for rows.Next() {
			row, dest := make([]any, len(columns)), make([]any, len(columns))
			for i := range row {
				dest[i] = &row[i]
			}
			if err := rows.Scan(dest...); err != nil {
				t.Fatalf("%s: %v", table, err)
			}
			for _, value := range row {
				if data, ok := value.([]byte); ok {
					value = string(data)
				}
				fmt.Fprintln(&out, value)
			}
		}
		if err := rows.Err(); err != nil {
			t.Fatalf("%s: %v", table, err)
		}
		if err := rows.Close(); err != nil {
			t.Fatalf("%s: %v", table, err)
		}
	}
	return out.String()
}
