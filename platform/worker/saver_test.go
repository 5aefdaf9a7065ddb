package worker

import (
	"context"
	"errors"
	"iter"
	"testing"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/store"
)

// failing reads nothing.
type failing struct {
	graphs.Saver
	err error
}

func (f failing) Get(context.Context, string, string) (*graphs.Saved, error) { return nil, f.err }

func (f failing) List(context.Context, graphs.ListQuery) iter.Seq2[*graphs.Saved, error] {
	return func(yield func(*graphs.Saved, error) bool) { yield(nil, f.err) }
}

// A run whose checkpoints cannot be read now is left to another attempt, but not one that is cancelled meanwhile.
func TestReadsThatFail(t *testing.T) {
	t.Parallel()
	away := errors.New("bad connection")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, test := range map[string]struct {
		ctx      context.Context //nolint:containedctx // of the one call
		err      error
		deferred bool
	}{
		"the database is away": {t.Context(), away, true},
		"no checkpoint":        {t.Context(), graphs.ErrNoCheckpoint, false},
		"a cancelled run":      {cancelled, away, false},
	} {
		journal := events.NewJournal(t.Context(), events.JournalConfig{Feed: events.NewHub().Open("t", "r", -1), Lease: store.Lease{}})
		s := &saver{read: failing{err: test.err}, journal: journal}
		_, err := s.Get(test.ctx, "", "")
		for _, listed := range s.List(test.ctx, graphs.ListQuery{}) {
			for call, err := range map[string]error{"Get": err, "List": listed} {
				var deferred *deferredError
				if !errors.Is(err, test.err) || errors.As(err, &deferred) != test.deferred {
					t.Errorf("%s: %s: %v", name, call, err)
				}
			}
		}
		journal.Close()
	}
}
