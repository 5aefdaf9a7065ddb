package store_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSQLite(t *testing.T) { storetest.Run(t, storetest.SQLite) }

func TestPostgres(t *testing.T) { storetest.Run(t, storetest.Postgres) }

func TestPgvector(t *testing.T) { storetest.RunPgvector(t, storetest.Pgvector) }

func TestStatements(t *testing.T) {
	t.Parallel()
	for name, backend := range map[string]storetest.Backend{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store.CheckStatements(t, storetest.Open(t, backend(t)))
		})
	}
}

// On SQLite a group commits for all its members, whoever of them has gone.
func TestCommitOfWhoHasGone(t *testing.T) {
	t.Parallel()
	store.CheckCommit(t, storetest.Open(t, storetest.Postgres(t)))
}

// TestAC45WorkTellsNothing: neither does the time that a look takes tell of rows of others.
func TestAC45WorkTellsNothing(t *testing.T) {
	t.Parallel()
	c := storetest.Postgres(t)
	c.Indexed = []string{"owner"}
	store.CheckWork(t, storetest.Open(t, c))
}
