package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/savertest"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
)

func saverSuite(t *testing.T, p *place) {
	t.Run("leased", func(t *testing.T) {
		savertest.Run(t, func(t *testing.T) graphs.Saver {
			b := p.bench(t, Owner(t, "alice"))
			run := b.run(t, p.thread(t, b.who, nil).ID)
			c := b.claimOf(t, run)
			return &leased{p.db.Checkpoints.Leased(c.Lease, run.ThreadID), p.db, c.Lease}
		})
	})
	t.Run("writer", func(t *testing.T) {
		savertest.Run(t, func(t *testing.T) graphs.Saver {
			alice := Owner(t, "alice")
			return &unowned{p.db.Checkpoints.Writer(alice.Threads(authhooks.Update), p.thread(t, alice, nil).ID)}
		})
	})
	for name, test := range map[string]func(*testing.T, *place){
		"readers see their own":        readCheckpoints,
		"leases write by commit alone": leaseIsReadOnly,
		"writer publishes":             writeState,
		"writer needs a quiet thread":  writeBusy,
		"snapshots":                    snapshotDepth,
		"rollback uncovers writes":     rollbackCheckpoints,
		"delete keeps what forks need": deleteCheckpoints,
	} {
		t.Run(name, func(t *testing.T) { test(t, p) })
	}
	p.sound(t)
}

// leased puts through the fenced commit of a lease, as a worker does.
type leased struct {
	graphs.Saver
	db    *store.DB
	lease store.Lease
}

func (l *leased) Put(ctx context.Context, c graphs.Commit) error {
	c.Checkpoint.RunID = l.lease.RunID
	return l.db.Runs.Commit(ctx, l.lease, store.Batch{Checkpoints: []graphs.Commit{c}})
}

func (l *leased) PutWrites(ctx context.Context, ns, checkpoint, task string, writes []graphs.Write) error {
	return l.db.Runs.Commit(ctx, l.lease, store.Batch{Writes: []store.TaskWrites{{NS: ns, CheckpointID: checkpoint, TaskID: task, Writes: writes}}})
}

// unowned puts checkpoints that no run wrote.
type unowned struct{ graphs.Saver }

func (u *unowned) Put(ctx context.Context, c graphs.Commit) error {
	c.Checkpoint.RunID = ""
	return u.Saver.Put(ctx, c)
}

// checkpointID makes ids that sort as n does.
func checkpointID(n int) string { return fmt.Sprintf("1f1e6905-63c0-6%03x-8000-00155d012345", n) }

// step is a checkpoint that sets or appends to the channels of an object.
func step(n int, parent string, versions map[string]string, next ...string) graphs.Commit {
	return graphs.Commit{
		Checkpoint: &graphs.Checkpoint{
			ID: checkpointID(n), ParentID: parent, Source: graphs.SourceLoop, Step: n, Versions: versions, Next: next,
			CreatedAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		},
		Changes: map[string]graphs.Change{},
	}
}

// with adds a change that the checkpoint makes.
func with(c graphs.Commit, channel string, change graphs.Change) graphs.Commit {
	if c.Checkpoint.Versions == nil {
		c.Checkpoint.Versions = map[string]string{}
	}
	c.Checkpoint.Versions[channel] = c.Checkpoint.ID
	c.Changes[channel] = change
	return c
}

func sets(value string) graphs.Change {
	return graphs.Change{Patch: graphs.ChannelPatch{Set: json.RawMessage(value)}}
}

func appends(base string, keep int, whole string, add ...string) graphs.Change {
	c := graphs.Change{Base: base, Patch: graphs.ChannelPatch{List: true, Keep: keep}}
	for _, item := range add {
		c.Patch.Add = append(c.Patch.Add, json.RawMessage(item))
	}
	c.Whole = func() (json.RawMessage, error) { return json.RawMessage(whole), nil }
	return c
}

// commit commits a batch of a claimed run.
func (b *bench) commit(t *testing.T, c *store.Claimed, batch store.Batch) {
	t.Helper()
	is(t, b.db.Runs.Commit(t.Context(), c.Lease, batch), nil)
}

// values reads the newest values of a thread.
func (b *bench) values(t *testing.T, thread string) string {
	t.Helper()
	saved, err := b.db.Checkpoints.Reader(b.who.Threads(authhooks.Read), thread).Get(t.Context(), "", "")
	is(t, err, nil)
	data, err := json.Marshal(saved.Values)
	is(t, err, nil)
	return string(data)
}

func readCheckpoints(t *testing.T, p *place) {
	alice, bob := p.bench(t, Owner(t, "alice")), Owner(t, "bob")
	thread := p.thread(t, alice.who, nil)
	c := alice.claimOf(t, alice.run(t, thread.ID))
	alice.commit(t, c, store.Batch{Checkpoints: []graphs.Commit{with(step(1, "", nil), "a", sets(`1`))}})
	same(t, "values", `{"a":1}`, alice.values(t, thread.ID))

	foreign := p.db.Checkpoints.Reader(bob.Threads(authhooks.Read), thread.ID)
	for _, id := range []string{"", checkpointID(1)} {
		_, err := foreign.Get(t.Context(), "", id)
		is(t, err, graphs.ErrNoCheckpoint)
	}
	for s, err := range foreign.List(t.Context(), graphs.ListQuery{}) {
		t.Errorf("bob lists %v, %v", s, err)
	}
	is(t, p.db.Checkpoints.Writer(bob.Threads(authhooks.Update), thread.ID).Put(t.Context(), with(step(2, "", nil), "a", sets(`2`))), store.ErrNotFound)
	for name, s := range map[string]access.ThreadScope{"zero": {}, "update": alice.who.Threads(authhooks.Update)} {
		_, err := p.db.Checkpoints.Reader(s, thread.ID).Get(t.Context(), "", "")
		if !errors.Is(err, access.ErrNoScope) && !errors.Is(err, access.ErrWrongScope) {
			t.Errorf("%s scope: error %v", name, err)
		}
	}
	_, err := p.db.Checkpoints.Reader(alice.who.Threads(authhooks.Read), thread.ID).Get(t.Context(), "", "\x00")
	is(t, err, graphs.ErrNoCheckpoint)
	alice.finish(t, c, store.Finish{Status: store.RunSuccess})
}

func leaseIsReadOnly(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	c := b.claimOf(t, b.run(t, p.thread(t, b.who, nil).ID))
	s := p.db.Checkpoints.Leased(c.Lease, c.Lease.ThreadID)
	is(t, s.Put(t.Context(), step(1, "", nil)), store.ErrReadOnly)
	is(t, s.PutWrites(t.Context(), "", checkpointID(1), "task", nil), store.ErrReadOnly)
	_, err := p.db.Checkpoints.Leased(c.Lease, uuid.NewString()).Get(t.Context(), "", "")
	is(t, err, store.ErrLostLease)
	b.finish(t, c, store.Finish{Status: store.RunSuccess})
}

func writeState(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, nil)
	w := p.db.Checkpoints.Writer(b.who.Threads(authhooks.Update), thread.ID, "shown", "list")
	first := with(with(with(step(1, "", nil, "ask"), "shown", sets(`"x"`)), "secret", sets(`1`)), "branch:to:ask", sets(`null`))
	is(t, w.Put(t.Context(), with(first, "list", sets(`[1]`))), nil)
	versions := map[string]string{"shown": checkpointID(1), "secret": checkpointID(1)}
	is(t, w.Put(t.Context(), with(step(2, checkpointID(1), versions), "list", appends(checkpointID(1), 1, `[1,2]`, `2`))), nil)

	row := p.read(t, thread.ID)
	same(t, "values", map[string]any{"shown": "x", "list": []any{float64(1), float64(2)}}, doc(t, row.Values))
	same(t, "status", "idle", row.Status) // rest.md 4.7
	if !row.StateUpdatedAt.After(thread.StateUpdatedAt) {
		t.Error("state_updated_at stayed")
	}
	log, err := p.db.Events.Read(t.Context(), b.who.Threads(authhooks.Read), thread.ID, "", -1, 0)
	is(t, err, nil)
	same(t, "events", 2, len(log))
	for _, want := range []string{`"kind":"update"`, checkpointID(2), `"list"`} {
		if !strings.Contains(string(log[1].Data), want) {
			t.Errorf("event without %s: %s", want, log[1].Data)
		}
	}
	is(t, w.Put(t.Context(), step(3, checkpointID(7), nil)), graphs.ErrNoCheckpoint)
}

func writeBusy(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, nil)
	run := b.run(t, thread.ID)
	w := p.db.Checkpoints.Writer(b.who.Threads(authhooks.Update), thread.ID)
	is(t, w.Put(t.Context(), step(1, "", nil)), store.ErrBusy)
	c := b.claimOf(t, run)
	is(t, w.PutWrites(t.Context(), "", checkpointID(1), "task", nil), store.ErrBusy)
	b.finish(t, c, store.Finish{Status: store.RunSuccess})
	is(t, w.Put(t.Context(), step(1, "", nil)), nil)
	is(t, p.db.Checkpoints.Writer(b.who.Threads(authhooks.Update), uuid.NewString()).Put(t.Context(), step(1, "", nil)), store.ErrNotFound)
}

func snapshotDepth(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, nil)
	c := b.claimOf(t, b.run(t, thread.ID))
	var batch store.Batch
	parent, items := "", []string{}
	for n := range 300 {
		items = append(items, fmt.Sprint(n))
		batch.Checkpoints = append(batch.Checkpoints,
			with(step(n, parent, nil), "l", appends(parent, n, "["+strings.Join(items, ",")+"]", items[n])))
		parent = checkpointID(n)
	}
	b.commit(t, c, batch)
	same(t, "values", `{"l":[`+strings.Join(items, ",")+`]}`, b.values(t, thread.ID))
	where := ` FROM channel_values WHERE thread_id = '` + thread.ID + `'`
	same(t, "snapshots", 3, p.number(t, `SELECT count(*)`+where+` AND base = ''`))
	same(t, "depth", 127, p.number(t, `SELECT max(depth)`+where))
	b.finish(t, c, store.Finish{Status: store.RunSuccess})
}

func rollbackCheckpoints(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, nil)
	asked := graphs.Write{Task: "t", Channel: graphs.InterruptChannel, Value: json.RawMessage(`[{"value":1,"id":"i"}]`)}
	c := b.claimOf(t, b.run(t, thread.ID))
	b.commit(t, c, store.Batch{
		Checkpoints: []graphs.Commit{with(step(1, "", nil, "ask"), "l", appends("", 0, `[1]`, `1`))},
		Writes:      []store.TaskWrites{{CheckpointID: checkpointID(1), TaskID: "t", Writes: []graphs.Write{asked}}},
		Finish: &store.Finish{
			Status: store.RunSuccess, Values: store.JSON(`{"l":[1]}`), Next: []string{"ask"},
			Interrupts: store.JSON(`{"t":[{"value":1,"id":"i"}]}`),
		},
	})
	before := p.read(t, thread.ID)
	same(t, "status", "interrupted", before.Status)

	c = b.claimOf(t, b.run(t, thread.ID))
	b.commit(t, c, store.Batch{
		Segments: []store.Segment{{First: c.SeqFirst, Last: c.SeqFirst, Data: []byte("{}\n")}},
		Writes: []store.TaskWrites{{CheckpointID: checkpointID(1), TaskID: "t", Writes: []graphs.Write{
			{Channel: graphs.ResumeChannel, Value: json.RawMessage(`"yes"`)},
			{Channel: graphs.InterruptChannel, Value: json.RawMessage(`[]`)},
		}}},
		Checkpoints: []graphs.Commit{with(step(2, checkpointID(1), nil), "l", appends(checkpointID(1), 1, `[1,2]`, `2`))},
	})
	same(t, "values", `{"l":[1,2]}`, b.values(t, thread.ID))
	b.finish(t, c, store.Finish{Status: store.RunInterrupted, Rollback: true})

	same(t, "values", `{"l":[1]}`, b.values(t, thread.ID))
	saved, err := p.db.Checkpoints.Reader(b.who.Threads(authhooks.Read), thread.ID).Get(t.Context(), "", "")
	is(t, err, nil)
	same(t, "writes", []graphs.Write{asked}, saved.Writes)
	log, err := p.db.Events.Read(t.Context(), b.who.Threads(authhooks.Read), thread.ID, c.Run.ID, -1, 0)
	is(t, err, nil)
	same(t, "events", 0, len(log))
	after := p.read(t, thread.ID)
	after.UpdatedAt = before.UpdatedAt
	same(t, "thread", before, after)
}

func deleteCheckpoints(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, nil)
	end := &store.Finish{Status: store.RunSuccess, Values: store.JSON(`{"l":[1,2,3]}`)}
	first := b.claimOf(t, b.run(t, thread.ID))
	b.commit(t, first, store.Batch{Finish: end, Checkpoints: []graphs.Commit{
		with(with(step(1, "", nil), "l", appends("", 0, `[1]`, `1`)), "gone", sets(`true`)),
		with(step(2, checkpointID(1), nil), "l", appends(checkpointID(1), 1, `[1,2]`, `2`)),
		with(step(3, checkpointID(2), nil), "l", appends(checkpointID(2), 2, `[1,2,9]`, `9`)),
	}})
	fork := b.claimOf(t, b.run(t, thread.ID)) // from the middle
	b.commit(t, fork, store.Batch{Finish: end, Checkpoints: []graphs.Commit{
		with(step(4, checkpointID(2), nil), "l", appends(checkpointID(2), 2, `[1,2,3]`, `3`)),
	}})
	is(t, p.db.Runs.Delete(t.Context(), b.who.Threads(authhooks.Delete), thread.ID, first.Run.ID), nil)
	same(t, "values", `{"l":[1,2,3]}`, b.values(t, thread.ID))
	same(t, "values left", 3, p.number(t, `SELECT count(*) FROM channel_values WHERE thread_id = '`+thread.ID+`'`))
	same(t, "thread", map[string]any{"l": []any{float64(1), float64(2), float64(3)}}, doc(t, p.read(t, thread.ID).Values))
	is(t, p.db.Runs.Delete(t.Context(), b.who.Threads(authhooks.Delete), thread.ID, fork.Run.ID), nil)
	same(t, "values left", 0, p.number(t, `SELECT count(*) FROM channel_values WHERE thread_id = '`+thread.ID+`'`))
	same(t, "thread", "null", string(orNull(p.read(t, thread.ID).Values)))
}

func orNull(j store.JSON) store.JSON {
	if j == nil {
		return store.JSON("null")
	}
	return j
}
