package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
)

func ttlSuite(t *testing.T, p *place) {
	for name, test := range map[string]func(*testing.T, *place){
		"expired threads are not there": expiredHidden,
		"an expired id is free":         expiredID,
		"the default":                   defaultTTL,
		"rearmed by the end of a run":   rearmed,
		"prune deletes":                 pruneDelete,
		"prune keeps the latest":        pruneKeepLatest,
		"prune is all or none":          pruneAllOrNone,
		"one sweeper":                   claimSweep,
		"supersteps":                    writtenThread,
		"storage":                       storage,
	} {
		t.Run(name, func(t *testing.T) { test(t, p) })
	}
	sweepThreads(t, p)
	p.sound(t)
}

// expire lets a thread's time be over.
func (p *place) expire(t *testing.T, id string) {
	t.Helper()
	then := "1"
	if p.db.Dialect() == store.Postgres {
		then = "now() - interval '1 hour'"
	}
	p.exec(t, "UPDATE threads SET expires_at = "+then+" WHERE id = '"+id+"'")
}

func (b *bench) lives(t *testing.T, ttl *store.TTL) store.Thread {
	t.Helper()
	row, err := b.db.Threads.Create(t.Context(), b.who.Threads(authhooks.Create), nil, store.ThreadNew{TTL: ttl})
	is(t, err, nil)
	return row
}

func expiredHidden(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice-expired"))
	thread := b.lives(t, &store.TTL{Minutes: 60})
	run := b.run(t, thread.ID)
	p.expire(t, thread.ID)
	calls := threadMethods(p.db, thread)
	for name, m := range runMethods(p.db, b, run) {
		calls[name+" of a run"] = m
	}
	delete(calls, "Create") // the id is free, see there
	for name, m := range calls {
		if err := m.call(t, b.who.Threads(m.action)); !errors.Is(err, m.foreign) {
			t.Errorf("%s: error %v, want %v", name, err, m.foreign)
		}
	}
	n, _, err := p.db.Runs.CancelAll(t.Context(), b.who.Threads(authhooks.Update), b.who.Threads(authhooks.Search), store.Cancels{Action: store.CancelInterrupt})
	is(t, err, nil)
	same(t, "cancelled", 0, n)
	kept := b.lives(t, &store.TTL{Minutes: 60, Strategy: store.TTLKeepLatest})
	p.expire(t, kept.ID)
	rows, total, err := p.db.Threads.Search(t.Context(), b.who.Threads(authhooks.Search), store.ThreadQuery{})
	is(t, err, nil)
	if total != 1 || len(rows) != 1 || rows[0].ID != kept.ID {
		t.Errorf("found %d of %d, want the one that is kept", len(rows), total)
	}
}

func expiredID(t *testing.T, p *place) {
	alice, bob := p.bench(t, Owner(t, "alice")), p.bench(t, Owner(t, "bob"))
	for name, make := range map[string]func(id string) error{
		"thread": func(id string) error {
			_, err := p.db.Threads.Create(t.Context(), bob.who.Threads(authhooks.Create), nil, store.ThreadNew{ID: id})
			return err
		},
		"run": func(id string) error {
			_, err := bob.create(t, store.RunNew{ThreadID: id, Implicit: bob.implicit(nil)})
			return err
		},
	} {
		thread := alice.lives(t, &store.TTL{Minutes: 60})
		alice.run(t, thread.ID)
		is(t, make(thread.ID), map[string]error{"thread": store.ErrExists, "run": store.ErrNotFound}[name])
		p.expire(t, thread.ID)
		is(t, make(thread.ID), nil)
		got := p.read(t, thread.ID)
		same(t, name, any("bob"), doc(t, got.Metadata)["owner"])
		same(t, name+": ttl", (*store.TTL)(nil), got.TTL)
	}
}

func defaultTTL(t *testing.T, p *place) {
	config := p.config
	config.TTL = &store.TTL{Minutes: 30, Strategy: store.TTLKeepLatest}
	with := place{config, Open(t, config)}
	b := with.bench(t, Owner(t, "alice"))
	want := func(what, id string, minutes float64, strategy string) {
		t.Helper()
		ttl := with.read(t, id).TTL
		if ttl == nil || ttl.Minutes != minutes || ttl.Strategy != strategy || ttl.ExpiresAt.IsZero() {
			t.Errorf("%s: ttl %+v", what, ttl)
		}
	}
	own := b.lives(t, &store.TTL{Minutes: 5})
	want("of its own", own.ID, 5, store.TTLDelete)
	made := b.lives(t, nil)
	want("default", made.ID, 30, store.TTLKeepLatest)
	if made.TTL == nil {
		t.Error("the answer has no ttl")
	}
	run, err := b.create(t, store.RunNew{Implicit: b.implicit(nil)})
	is(t, err, nil)
	want("made by a run", run.ThreadID, 30, store.TTLKeepLatest)
	copied, err := b.copied(t, own.ID, nil)
	is(t, err, nil)
	want("a copy lives as its source", copied.ID, 5, store.TTLDelete)
	temporary, err := b.create(t, store.RunNew{Implicit: b.implicit(nil), Temporary: true})
	is(t, err, nil)
	same(t, "temporary threads that expire", 0, p.number(t, `SELECT count(*) FROM threads WHERE id = '`+temporary.ThreadID+`' AND expires_at IS NOT NULL`))
}

func rearmed(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	for strategy, moves := range map[string]bool{store.TTLKeepLatest: true, store.TTLDelete: false} {
		thread := b.lives(t, &store.TTL{Minutes: 90, Strategy: strategy})
		b.finish(t, b.claimOf(t, b.run(t, thread.ID)), store.Finish{Status: store.RunSuccess})
		after := p.read(t, thread.ID)
		same(t, strategy, moves, after.TTL.ExpiresAt.After(thread.TTL.ExpiresAt))
		if moves {
			same(t, "from the run's end", after.UpdatedAt.Add(90*time.Minute), after.TTL.ExpiresAt)
		}
	}
}

func (b *bench) prunes(t *testing.T, strategy string, ids ...string) (int, error) {
	t.Helper()
	var all []store.ThreadPrune
	for _, id := range ids {
		all = append(all, store.ThreadPrune{ID: id, Scope: b.who.Threads(authhooks.Delete)})
	}
	return b.db.Threads.Prune(t.Context(), all, strategy)
}

func pruneDelete(t *testing.T, p *place) {
	alice, bob := p.bench(t, Owner(t, "alice")), p.bench(t, Owner(t, "bob"))
	mine, busy, theirs := alice.lived(t), p.thread(t, alice.who, nil), bob.lived(t)
	alice.run(t, busy.ID)
	n, err := alice.prunes(t, store.TTLDelete, mine.ID, theirs.ID, busy.ID, uuid.NewString(), "no UUID")
	is(t, err, nil)
	same(t, "pruned", 2, n)
	for _, id := range []string{mine.ID, busy.ID} {
		_, err := p.db.Threads.Get(t.Context(), alice.who.Threads(authhooks.Read), id)
		is(t, err, store.ErrNotFound)
	}
	same(t, "bob's history", 3, len(bob.history(t, theirs.ID, "")))
}

func pruneKeepLatest(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := b.lived(t)
	before, nested := b.history(t, thread.ID, ""), b.history(t, thread.ID, "sub:1")
	n, err := b.prunes(t, store.TTLKeepLatest, thread.ID)
	is(t, err, nil)
	same(t, "pruned", 1, n)
	before[0].ParentID, nested[0].ParentID = "", ""
	same(t, "history", before[:1], b.history(t, thread.ID, ""))
	same(t, "nested", nested[:1], b.history(t, thread.ID, "sub:1"))
	same(t, "thread", thread, p.read(t, thread.ID))
	same(t, "values kept", 5, p.number(t, `SELECT count(*) FROM channel_values WHERE thread_id = '`+thread.ID+`'`)) // three of a list
	same(t, "log", 0, p.number(t, `SELECT count(*) FROM events WHERE thread_id = '`+thread.ID+`'`))
	runs, _, err := p.db.Runs.List(t.Context(), b.who.Threads(authhooks.Read), thread.ID, store.RunQuery{})
	is(t, err, nil)
	same(t, "runs", 2, len(runs))
	// It goes on from there.
	is(t, p.db.Checkpoints.Writer(b.who.Threads(authhooks.Update), thread.ID).Put(t.Context(),
		with(step(6, checkpointID(3), nil), "l", appends(checkpointID(3), 3, `[1,2,3,4]`, `4`))), nil)
	same(t, "values", `{"l":[1,2,3,4]}`, b.values(t, thread.ID))
	n, err = b.prunes(t, store.TTLKeepLatest, thread.ID)
	is(t, err, nil)
	same(t, "pruned again", 1, n)
	same(t, "values", `{"l":[1,2,3,4]}`, b.values(t, thread.ID))
}

func pruneAllOrNone(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	quiet, busy := b.lived(t), p.thread(t, b.who, nil)
	b.run(t, busy.ID)
	_, err := b.prunes(t, store.TTLKeepLatest, quiet.ID, busy.ID)
	is(t, err, store.ErrBusy)
	same(t, "history", 3, len(b.history(t, quiet.ID, "")))
	good := store.ThreadPrune{ID: quiet.ID, Scope: b.who.Threads(authhooks.Delete)}
	for name, bad := range map[string]access.ThreadScope{"zero": {}, "another": b.who.Threads(authhooks.Read)} {
		_, err := p.db.Threads.Prune(t.Context(), []store.ThreadPrune{good, {ID: busy.ID, Scope: bad}}, store.TTLDelete)
		if !errors.Is(err, access.ErrNoScope) && !errors.Is(err, access.ErrWrongScope) {
			t.Errorf("%s scope: error %v", name, err)
		}
	}
	_, err = b.prunes(t, "everything", quiet.ID)
	if err == nil {
		t.Error("a strategy that does not exist was taken")
	}
	p.read(t, quiet.ID)
}

// sweepThreads runs alone: it sweeps what the other parts have left too.
func sweepThreads(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	system := access.System("test")
	_, err := p.db.Threads.Sweep(t.Context(), system, 1000)
	is(t, err, nil)
	var over, kept []store.Thread
	for range 3 {
		over = append(over, b.lives(t, &store.TTL{Minutes: 60}))
	}
	b.run(t, over[0].ID)
	for _, strategy := range []string{store.TTLKeepLatest, store.TTLDelete} {
		thread := b.lived(t)
		_, err := p.db.Threads.Patch(t.Context(), b.who.Threads(authhooks.Update), thread.ID,
			store.ThreadPatch{TTL: &store.TTL{Minutes: 60, Strategy: strategy}})
		is(t, err, nil)
		kept = append(kept, thread)
	}
	busy := b.lives(t, &store.TTL{Minutes: 60, Strategy: store.TTLKeepLatest})
	run := b.run(t, busy.ID)
	for _, thread := range append(over, kept[0], busy) {
		p.expire(t, thread.ID)
	}
	_, err = p.db.Threads.Sweep(t.Context(), access.SystemAccess{}, 10)
	is(t, err, access.ErrNoScope)
	for _, want := range []int{2, 2, 0} {
		n, err := p.db.Threads.Sweep(t.Context(), system, 2)
		is(t, err, nil)
		same(t, "swept", want, n)
	}
	for _, thread := range over {
		same(t, "rows left", 0, p.number(t, `SELECT count(*) FROM threads WHERE id = '`+thread.ID+`'`))
	}
	same(t, "history of the kept", 1, len(b.history(t, kept[0].ID, "")))
	same(t, "history of the one with time", 3, len(b.history(t, kept[1].ID, "")))
	same(t, "time of the kept", true, p.read(t, kept[0].ID).TTL.ExpiresAt.IsZero())
	b.finish(t, b.claimOf(t, run), store.Finish{Status: store.RunSuccess})
	same(t, "time of the busy", true, p.read(t, busy.ID).TTL.ExpiresAt.After(time.Now()))
}

func claimSweep(t *testing.T, p *place) {
	system, other := access.System("test"), Open(t, p.config)
	for i, test := range []struct {
		db   *store.DB
		name string
		want bool
	}{{p.db, "a", true}, {other, "a", false}, {p.db, "a", false}, {other, "b", true}} {
		got, err := test.db.ClaimSweep(t.Context(), system, test.name, time.Hour)
		is(t, err, nil)
		if got != test.want {
			t.Errorf("claim %d: %v, want %v", i, got, test.want)
		}
	}
	_, err := p.db.ClaimSweep(t.Context(), system, "c", 0)
	is(t, err, nil)
	got, err := other.ClaimSweep(t.Context(), system, "c", time.Hour)
	is(t, err, nil)
	same(t, "due again", true, got)
	_, err = p.db.ClaimSweep(t.Context(), access.SystemAccess{}, "d", time.Hour)
	is(t, err, access.ErrNoScope)
}

func writtenThread(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	state := &store.Written{
		Scope: b.who.Threads(authhooks.Update), Output: []string{"l"},
		Commits: []graphs.Commit{
			with(with(step(1, "", nil), "l", appends("", 0, `[1]`, `1`)), "secret", sets(`1`)),
			with(step(2, checkpointID(1), map[string]string{"secret": checkpointID(1)}), "l", appends(checkpointID(1), 1, `[1,2]`, `2`)),
		},
	}
	made, err := p.db.Threads.Create(t.Context(), b.who.Threads(authhooks.Create), nil, store.ThreadNew{State: state})
	is(t, err, nil)
	got := p.read(t, made.ID)
	same(t, "values", map[string]any{"l": []any{1., 2.}}, doc(t, got.Values))
	same(t, "values of the answer", doc(t, got.Values), doc(t, made.Values))
	same(t, "history", 2, len(b.history(t, made.ID, "")))
	log, err := p.db.Events.Read(t.Context(), b.who.Threads(authhooks.Read), made.ID, "", -1, 0)
	is(t, err, nil)
	same(t, "log", 2, len(log))

	// A mistake leaves nothing, and neither does a scope that does not reach the new row.
	id := uuid.NewString()
	broken := *state
	broken.Commits = []graphs.Commit{state.Commits[0], step(3, checkpointID(7), nil)}
	foreign := *state
	foreign.Scope = Owner(t, "bob").Threads(authhooks.Update)
	wrong := *state
	wrong.Scope = access.ThreadScope{}
	for want, state := range map[error]*store.Written{graphs.ErrNoCheckpoint: &broken, store.ErrPostImage: &foreign, access.ErrNoScope: &wrong} {
		_, err := p.db.Threads.Create(t.Context(), b.who.Threads(authhooks.Create), nil, store.ThreadNew{ID: id, State: state})
		is(t, err, want)
		_, err = p.db.Threads.Get(t.Context(), b.who.Threads(authhooks.Read), id)
		is(t, err, store.ErrNotFound)
	}
	_, err = p.db.Threads.Create(t.Context(), b.who.Threads(authhooks.Create), nil, store.ThreadNew{ID: made.ID, State: state})
	is(t, err, store.ErrExists)
}

func storage(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := b.lived(t)
	got, err := p.db.Threads.Storage(t.Context(), b.who.Threads(authhooks.Read), thread.ID)
	is(t, err, nil)
	same(t, "channels", map[string]store.Stored{"l": {Count: 3, Bytes: 9}, "a": {Count: 1, Bytes: 1}, "z": {Count: 2, Bytes: 9}}, got.ByChannel)
	same(t, "values", store.Stored{Count: 6, Bytes: 19}, got.Values)
	same(t, "checkpoints", int64(5), got.Checkpoints.Count)
	same(t, "writes", int64(3), got.Writes.Count)
	same(t, "bytes of writes", int64(len(`[{"value":1,"id":"i"}]`)+len(`[]`)+len(`"yes"`)), got.Writes.Bytes)
	if got.Checkpoints.Bytes < 100 {
		t.Errorf("%d bytes of checkpoints", got.Checkpoints.Bytes)
	}
	empty, err := p.db.Threads.Storage(t.Context(), b.who.Threads(authhooks.Read), p.thread(t, b.who, nil).ID)
	is(t, err, nil)
	same(t, "empty", store.Storage{ByChannel: map[string]store.Stored{}}, empty)
}
