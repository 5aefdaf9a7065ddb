package store

import (
	"database/sql"
	"strings"

	"gorm.io/gorm"
)

// one runs a statement and scans its first row. No row is sql.ErrNoRows.
func one(tx *gorm.DB, dest []any, query string, args ...any) error {
	found := false
	err := each(tx, func(rows *sql.Rows) error {
		if found {
			return nil
		}
		found = true
		return rows.Scan(dest...)
	}, query, args...)
	if err == nil && !found {
		return sql.ErrNoRows
	}
	return err
}

// each runs a statement and calls scan on every row.
func each(tx *gorm.DB, scan func(rows *sql.Rows) error, query string, args ...any) (err error) {
	rows, err := tx.Raw(query, args...).Rows()
	if err != nil {
		return err
	}
	defer func() {
		if e := rows.Close(); err == nil {
			err = e
		}
	}()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// change runs a statement that returns no rows and reports how many it touched.
func change(tx *gorm.DB, query string, args ...any) (int64, error) {
	done := tx.Exec(query, args...)
	return done.RowsAffected, done.Error
}

// insert adds rows of equal width in as few statements as their number of parameters allows. query ends before VALUES, suffix
// follows the rows.
func insert(tx *gorm.DB, query string, rows [][]any, suffix string) error {
	const chunk = 64
	for len(rows) > 0 {
		n := min(chunk, len(rows))
		row := "(?" + strings.Repeat(", ?", len(rows[0])-1) + ")"
		args := make([]any, 0, n*len(rows[0]))
		for _, r := range rows[:n] {
			args = append(args, r...)
		}
		if _, err := change(tx, query+" VALUES "+row+strings.Repeat(", "+row, n-1)+" "+suffix, args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// elements is a table with one row, in column value, for each element of the JSON array that is bound to it.
func (db *DB) elements() string {
	if db.dialect == Postgres {
		return "json_array_elements(?::json)"
	}
	return "json_each(?)"
}
