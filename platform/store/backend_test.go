package store_test

import (
	"testing"

	"github.com/locutory/locutory/platform/store/storetest"
)

func TestOpenTwice(t *testing.T) {
	t.Parallel()
	c := storetest.SQLite(t)
	storetest.Open(t, c)
	storetest.Open(t, c)
}

func TestOpenTwicePostgres(t *testing.T) {
	t.Parallel()
	c := storetest.Postgres(t)
	storetest.Open(t, c)
	storetest.Open(t, c)
}
