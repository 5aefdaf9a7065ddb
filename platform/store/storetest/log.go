package storetest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
)

func logSuite(t *testing.T, p *place) {
	for name, test := range map[string]func(*testing.T, *place){
		"read":            readLog,
		"turns":           logTurns,
		"sweep events":    sweepEvents,
		"sweep temporary": sweepTemporary,
		"statuses":        finishStatus,
	} {
		t.Run(name, func(t *testing.T) { test(t, p) })
	}
	p.sound(t)
}

// segments writes segments of two records each.
func (b *bench) segments(t *testing.T, c *store.Claimed, n int) {
	t.Helper()
	var batch store.Batch
	for i := range n {
		first := c.SeqFirst + int64(10*i)
		batch.Segments = append(batch.Segments, store.Segment{First: first, Last: first + 1, Data: []byte("{}\n{}\n")})
	}
	b.commit(t, c, batch)
	b.commit(t, c, batch) // again, as after an error whose outcome is not known
}

func readLog(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, nil)
	first := b.claimOf(t, b.run(t, thread.ID))
	b.segments(t, first, 3)
	b.finish(t, first, store.Finish{Status: store.RunSuccess})
	second := b.claimOf(t, b.run(t, thread.ID))
	b.segments(t, second, 1)
	b.finish(t, second, store.Finish{Status: store.RunSuccess})

	s := b.who.Threads(authhooks.Read)
	at := first.SeqFirst
	for _, test := range []struct {
		name  string
		run   string
		after int64
		limit int
		want  []int64
	}{
		{"all", "", -1, 0, []int64{at, at + 10, at + 20, second.SeqFirst}},
		{"of a run", first.Run.ID, -1, 0, []int64{at, at + 10, at + 20}},
		{"of the other", second.Run.ID, -1, 0, []int64{second.SeqFirst}},
		{"limit", "", -1, 2, []int64{at, at + 10}},
		{"after the first of a segment", "", at, 0, []int64{at, at + 10, at + 20, second.SeqFirst}},
		{"after a segment", "", at + 1, 0, []int64{at + 10, at + 20, second.SeqFirst}},
		{"in a gap", first.Run.ID, at + 5, 0, []int64{at + 10, at + 20}},
		{"after all", "", second.SeqFirst + 1, 0, nil},
		{"of no run", uuid.NewString(), -1, 0, nil},
	} {
		segments, err := p.db.Events.Read(t.Context(), s, thread.ID, test.run, test.after, test.limit)
		is(t, err, nil)
		var got []int64
		for _, segment := range segments {
			got = append(got, segment.First)
			same(t, test.name, "{}\n{}\n", string(segment.Data))
		}
		same(t, test.name, test.want, got)
	}
	foreign, err := p.db.Events.Read(t.Context(), Owner(t, "bob").Threads(authhooks.Read), thread.ID, "", -1, 0)
	is(t, err, nil)
	same(t, "foreign", 0, len(foreign))
	_, err = p.db.Events.Read(t.Context(), access.ThreadScope{}, thread.ID, "", -1, 0)
	is(t, err, access.ErrNoScope)
	_, err = p.db.Events.Read(t.Context(), b.who.Threads(authhooks.Update), thread.ID, "", -1, 0)
	is(t, err, access.ErrWrongScope)
}

func logTurns(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, nil)
	read := b.who.Threads(authhooks.Read)
	next := func(after int64, passed ...string) (run string, first int64) {
		t.Helper()
		turn, ok, err := p.db.Events.Next(t.Context(), read, thread.ID, after, passed)
		is(t, err, nil)
		if !ok {
			return "none", -1
		}
		same(t, "data of a write to the state", turn.RunID == "", turn.Data != nil)
		return turn.RunID, turn.First
	}
	now := func(wantRun string) int64 {
		t.Helper()
		seq, run, err := p.db.Events.Now(t.Context(), read, thread.ID)
		is(t, err, nil)
		same(t, "running", wantRun, run)
		return seq
	}
	same(t, "before the first", int64(-1), now(""))
	is(t, p.db.Checkpoints.Writer(b.who.Threads(authhooks.Update), thread.ID).Put(t.Context(), step(1, "", nil)), nil)
	update := now("")
	first := b.claimOf(t, b.run(t, thread.ID))
	pending := b.run(t, thread.ID)
	_, err := p.db.Runs.Cancel(t.Context(), b.who.Threads(authhooks.Update), thread.ID, []string{pending.ID}, store.CancelInterrupt, "")
	is(t, err, nil)
	b.segments(t, first, 2)
	end := now(first.Run.ID)
	b.finish(t, first, store.Finish{Status: store.RunSuccess})

	for _, test := range []struct {
		name   string
		after  int64
		passed []string
		run    string
	}{
		{"from the start", -1, nil, ""},
		{"after the update", update, nil, first.Run.ID},
		{"within a run", first.SeqFirst, nil, first.Run.ID},
		{"after what was passed", update, []string{first.Run.ID}, pending.ID},
		{"passed all", update, []string{first.Run.ID, pending.ID}, "none"},
		{"after all", end, nil, "none"},
	} {
		if run, _ := next(test.after, test.passed...); run != test.run {
			t.Errorf("%s: run %s, want %s", test.name, run, test.run)
		}
	}
	same(t, "nothing runs", true, now("") >= end)
}

func sweepEvents(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, nil)
	gone := b.claimOf(t, b.run(t, thread.ID))
	b.segments(t, gone, 5)
	b.finish(t, gone, store.Finish{Status: store.RunSuccess, KeepEventsFor: time.Microsecond})
	kept := b.claimOf(t, b.run(t, thread.ID))
	b.segments(t, kept, 5)
	b.finish(t, kept, store.Finish{Status: store.RunSuccess, KeepEventsFor: time.Hour})
	// What no worker has told has its time as well: writes to the state, and the end of a run that never started.
	state := p.db.Checkpoints.Writer(b.who.Threads(authhooks.Update), thread.ID)
	is(t, state.Put(t.Context(), graphs.Commit{Checkpoint: &graphs.Checkpoint{ID: uuid.Must(uuid.NewV6()).String(), Source: graphs.SourceUpdate, CreatedAt: time.Now()}}), nil)
	idle := b.run(t, thread.ID)
	_, err := p.db.Runs.Cancel(t.Context(), b.who.Threads(authhooks.Update), thread.ID, []string{idle.ID}, store.CancelInterrupt, "")
	is(t, err, nil)
	same(t, "segments with a time", 1, p.number(t, `SELECT count(*) FROM events WHERE thread_id = '`+thread.ID+`' AND run_id = '' AND expires_at IS NOT NULL`))
	week := `expires_at - 7 * 24 * 3600 * 1000000`
	if p.db.Dialect() == store.Postgres {
		week = `expires_at - interval '7 days'`
	}
	p.exec(t, `UPDATE events SET expires_at = `+week+` WHERE thread_id = '`+thread.ID+`'`)
	p.exec(t, `UPDATE runs SET expires_at = `+week+` WHERE id = '`+idle.ID+`'`)

	_, err = p.db.Events.SweepEvents(t.Context(), access.SystemAccess{}, 3)
	is(t, err, access.ErrNoScope)
	system := access.System("test")
	for _, want := range []int{3, 3, 1, 0} {
		n, err := p.db.Events.SweepEvents(t.Context(), system, 3)
		is(t, err, nil)
		same(t, "swept", want, n)
	}
	log, err := p.db.Events.Read(t.Context(), b.who.Threads(authhooks.Read), thread.ID, "", -1, 0)
	is(t, err, nil)
	same(t, "segments left", 5, len(log))
	same(t, "runs to sweep", 0, p.number(t, `SELECT count(*) FROM runs WHERE id = '`+gone.Run.ID+`' AND expires_at IS NOT NULL`))
}

func sweepTemporary(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	end := func() store.Run {
		run, err := b.create(t, store.RunNew{Implicit: b.implicit(nil), Temporary: true})
		is(t, err, nil)
		b.finish(t, b.claimOf(t, run), store.Finish{Status: store.RunSuccess})
		return run
	}
	old, young := end(), end()
	pending, err := b.create(t, store.RunNew{Implicit: b.implicit(nil), Temporary: true})
	is(t, err, nil)
	change := `UPDATE threads SET hidden_at = hidden_at - 660000000 WHERE id = '`
	if p.db.Dialect() == store.Postgres {
		change = `UPDATE threads SET hidden_at = hidden_at - interval '11 minutes' WHERE id = '`
	}
	p.exec(t, change+old.ThreadID+`'`)
	_, err = p.db.Events.SweepTemporary(t.Context(), access.SystemAccess{}, 10)
	is(t, err, access.ErrNoScope)
	n, err := p.db.Events.SweepTemporary(t.Context(), access.System("test"), 10)
	is(t, err, nil)
	same(t, "swept", 1, n)
	read := b.who.Threads(authhooks.Read)
	_, err = p.db.Runs.ByID(t.Context(), read, old.ID)
	is(t, err, store.ErrNotFound)
	for _, run := range []store.Run{young, pending} {
		_, err = p.db.Runs.ByID(t.Context(), read, run.ID)
		is(t, err, nil)
	}
}

// finishStatus is the table of thread statuses (rest.md 4.10, streaming.md 3.9).
func finishStatus(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	failure := &graphs.Failure{Class: "ValueError", Message: "kaput"}
	for _, test := range []struct {
		name    string
		finish  store.Finish
		pending bool
		want    string
		failed  string // the thread's error
	}{
		{"done", store.Finish{Status: store.RunSuccess}, false, "idle", ""},
		{"done, others wait", store.Finish{Status: store.RunSuccess}, true, "busy", ""},
		{"paused", store.Finish{Status: store.RunSuccess, Next: []string{"ask"}}, false, "interrupted", ""},
		{"paused, others wait", store.Finish{Status: store.RunSuccess, Next: []string{"ask"}}, true, "interrupted", ""},
		{"failed", store.Finish{Status: store.RunError, Failure: failure, Next: []string{"ask"}}, false, "error", "ValueError"},
		{"timed out", store.Finish{Status: store.RunTimeout, Failure: failure}, true, "error", "ValueError"},
		{"cancelled", store.Finish{Status: store.RunInterrupted}, false, "idle", "UserInterrupt"},
		{"cancelled on its way", store.Finish{Status: store.RunInterrupted, Next: []string{"ask"}}, false, "interrupted", "UserInterrupt"},
		{"made way", store.Finish{Status: store.RunInterrupted, Next: []string{"ask"}}, true, "busy", "UserInterrupt"},
	} {
		thread := p.thread(t, b.who, nil)
		c := b.claimOf(t, b.run(t, thread.ID))
		if test.pending {
			b.run(t, thread.ID)
		}
		b.finish(t, c, test.finish)
		row := p.read(t, thread.ID)
		same(t, test.name, test.want, row.Status)
		var told graphs.Failure
		if row.Error != nil {
			is(t, json.Unmarshal(row.Error, &told), nil)
		}
		same(t, test.name+": error", test.failed, told.Class)
		same(t, test.name+": state changed", false, row.StateUpdatedAt.After(thread.StateUpdatedAt))
		run, err := p.db.Runs.ByID(t.Context(), b.who.Threads(authhooks.Read), c.Run.ID)
		is(t, err, nil)
		same(t, test.name+": run", test.finish.Status, run.Status)
		same(t, test.name+": run's error", test.failed == "ValueError", run.Error != nil)
	}
	// The next success clears an error.
	thread := p.thread(t, b.who, nil)
	b.finish(t, b.claimOf(t, b.run(t, thread.ID)), store.Finish{Status: store.RunError, Failure: failure})
	same(t, "error", map[string]any{"error": "ValueError", "message": "kaput"}, doc(t, p.read(t, thread.ID).Error))
	b.finish(t, b.claimOf(t, b.run(t, thread.ID)), store.Finish{Status: store.RunSuccess, Values: store.JSON(`{}`)})
	row := p.read(t, thread.ID)
	same(t, "cleared", "idle", row.Status)
	same(t, "cleared", true, row.Error == nil && row.StateUpdatedAt.After(thread.StateUpdatedAt))
	c := b.claimOf(t, b.run(t, thread.ID))
	if err := p.db.Runs.Commit(t.Context(), c.Lease, store.Batch{Finish: &store.Finish{Status: "done"}}); err == nil {
		t.Error("a status that does not exist was taken")
	}
	b.finish(t, c, store.Finish{Status: store.RunSuccess})
}
