package store

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"gorm.io/gorm"
)

func groupDB(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.Context(), Config{URI: filepath.Join(t.TempDir(), "g.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := db.exec(t.Context()).Exec("CREATE TABLE n (i INTEGER PRIMARY KEY)").Error; err != nil {
		t.Fatal(err)
	}
	return db
}

// Those that fail leave nothing, and take no other along.
func TestGroupFailsAlone(t *testing.T) {
	t.Parallel()
	db := groupDB(t)
	failed := errors.New("failed")
	var wg sync.WaitGroup
	for i := range 400 {
		wg.Go(func() {
			err := db.write(t.Context(), func(tx *gorm.DB) error {
				if err := tx.Exec("INSERT INTO n VALUES (?)", i).Error; err != nil {
					return err
				}
				switch i % 4 {
				case 1:
					return failed
				case 2:
					return tx.Exec("INSERT INTO n VALUES (?)", i).Error // again
				}
				return nil
			})
			switch {
			case i%4 == 1 && !errors.Is(err, failed), i%4 == 2 && !duplicate(err), i%4%3 == 0 && err != nil:
				t.Errorf("%d: error %v", i, err)
			}
		})
	}
	wg.Wait()
	var n, wrong int
	if err := one(db.read(t.Context()), []any{&n, &wrong}, "SELECT count(*), coalesce(sum(i % 4 IN (1, 2)), 0) FROM n"); err != nil {
		t.Fatal(err)
	}
	if n != 200 || wrong != 0 {
		t.Errorf("%d rows, %d of them wrong", n, wrong)
	}
}

func TestGroupContext(t *testing.T) {
	t.Parallel()
	db := groupDB(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	err := db.write(ended, func(*gorm.DB) error { return errors.New("ran") })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("before its turn: %v", err)
	}
	late, cancel := context.WithCancel(t.Context())
	err = db.write(late, func(tx *gorm.DB) error {
		cancel()
		return tx.Exec("INSERT INTO n VALUES (1)").Error
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("in its turn: %v", err)
	}
	var n int
	if err := one(db.read(t.Context()), []any{&n}, "SELECT count(*) FROM n"); err != nil || n != 0 {
		t.Errorf("%d rows, %v", n, err)
	}
}

func TestGroupPanic(t *testing.T) {
	t.Parallel()
	db := groupDB(t)
	defer func() {
		if v := recover(); v != "mine" {
			t.Errorf("recovered %v", v)
		}
		if err := db.write(t.Context(), func(tx *gorm.DB) error { return tx.Exec("INSERT INTO n VALUES (1)").Error }); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	}()
	_ = db.write(t.Context(), func(tx *gorm.DB) error {
		if err := tx.Exec("INSERT INTO n VALUES (1)").Error; err != nil {
			t.Error(err)
		}
		panic("mine")
	})
}
