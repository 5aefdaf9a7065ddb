package storetest

import (
	"testing"

	"github.com/locutory/locutory/platform/store"
)

// Backend makes the Config of a new, empty database that goes away with the test.
type Backend func(t testing.TB) store.Config

// Run runs the suite, each part on a database of its own.
func Run(t *testing.T, backend Backend) {
	for name, part := range map[string]func(*testing.T, *place){
		"items":         itemSuite,
		"item lives":    itemLifeSuite,
		"item searches": itemSearchSuite,
		"item filters":  itemFilterSuite,
		"item scopes":   itemIsolationSuite,
		"item vectors":  nearSuite,

		"open":       openSuite,
		"threads":    threadSuite,
		"search":     searchSuite,
		"assistants": assistantSuite,
		"versions":   versionSuite,
		"system":     systemSuite,
		"isolation":  isolationSuite,
		"filters":    filterSuite,
		"contains":   containsSuite,
		"runs":       runSuite,
		"savers":     saverSuite,
		"log":        logSuite,
		"copy":       copySuite,
		"ttl":        ttlSuite,
		"run depth":  queueDepth,
		"run scopes": runIsolationSuite,
		"crons":      cronSuite,
		"cron find":  cronSearchSuite,
		"cron reach": cronIsolationSuite,
		"cron due":   cronDueSuite,
		"many runs":  manyRunSuite,
		"retries":    retrySuite,
		"deliveries": deliverySuite,
		"feedback":   feedbackSuite,
		"history":    historySuite,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := backend(t)
			part(t, &place{config: config, db: Open(t, config)})
		})
	}
}

// place is where a part of the suite runs.
type place struct {
	config store.Config
	db     *store.DB
}

func openSuite(t *testing.T, p *place) {
	again := Open(t, p.config) // migrated already, and in use
	if err := again.Ping(t.Context()); err != nil {
		t.Fatalf("ping: %v", err)
	}
	if got, want := again.Dialect(), p.db.Dialect(); got != want {
		t.Errorf("dialect %q, want %q", got, want)
	}
}
