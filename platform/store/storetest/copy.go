package storetest

import (
	"encoding/json"
	"testing"

	"github.com/google/uuid"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
)

func copySuite(t *testing.T, p *place) {
	for name, test := range map[string]func(*testing.T, *place){
		"copies all of the state":            copyState,
		"is independent":                     copyIndependent,
		"the hook's answer holds H-28, H-33": copyStamped,
		"needs a quiet source":               copyBusy,
		"scopes":                             copyScopes,
	} {
		t.Run(name, func(t *testing.T) { test(t, p) })
	}
	p.sound(t)
}

// copied makes a copy as its owner does.
func (b *bench) copied(t *testing.T, source string, metadata map[string]any) (store.Thread, error) {
	t.Helper()
	return b.db.Threads.Copy(t.Context(), b.who.Threads(authhooks.Read), b.who.Threads(authhooks.Create),
		store.ThreadCopy{SourceID: source, Metadata: metadata})
}

// lived makes a thread with a history of three checkpoints, the newest of which waits for an answer that an earlier run has covered.
func (b *bench) lived(t *testing.T) store.Thread {
	t.Helper()
	thread := b.thread(t, b.who, map[string]any{"note": "x"})
	asked := graphs.Write{Task: "t", Channel: graphs.InterruptChannel, Value: json.RawMessage(`[{"value":1,"id":"i"}]`)}
	first := with(with(step(1, "", nil), "l", appends("", 0, `[1]`, `1`)), "a", sets(`1`))
	first.Checkpoint.Metadata = map[string]json.RawMessage{"thread_id": json.RawMessage(`"` + thread.ID + `"`), "n": json.RawMessage(`12345678901234567890`)}
	c := b.claimOf(t, b.run(t, thread.ID))
	b.commit(t, c, store.Batch{
		Segments:    []store.Segment{{First: c.SeqFirst, Last: c.SeqFirst, Data: []byte("{}\n")}},
		Checkpoints: []graphs.Commit{first, with(step(2, checkpointID(1), map[string]string{"a": checkpointID(1)}), "l", appends(checkpointID(1), 1, `[1,2]`, `2`))},
	})
	last := with(step(3, checkpointID(2), map[string]string{"a": checkpointID(1)}, "ask"), "l", appends(checkpointID(2), 2, `[1,2,3]`, `3`))
	nested := with(step(4, "", nil), "z", sets(`"in"`))
	nested.Checkpoint.NS = "sub:1"
	older := with(step(3, "", nil), "z", sets(`"old"`))
	older.Checkpoint.NS = "sub:1"
	b.commit(t, c, store.Batch{
		Checkpoints: []graphs.Commit{last, older, nested},
		Writes:      []store.TaskWrites{{CheckpointID: checkpointID(3), TaskID: "t", Writes: []graphs.Write{asked}}},
		Finish: &store.Finish{
			Status: store.RunSuccess, Values: store.JSON(`{"l":[1,2,3],"a":1}`), Next: []string{"ask"}, Interrupts: store.JSON(`{"t":[{"value":1,"id":"i"}]}`),
		},
	})
	again := b.claimOf(t, b.run(t, thread.ID))
	b.commit(t, again, store.Batch{
		Writes: []store.TaskWrites{{CheckpointID: checkpointID(3), TaskID: "t", Writes: []graphs.Write{
			{Channel: graphs.InterruptChannel, Value: json.RawMessage(`[]`)}, {Channel: graphs.ResumeChannel, Value: json.RawMessage(`"yes"`)},
		}}},
		Finish: &store.Finish{Status: store.RunSuccess, Next: []string{"ask"}},
	})
	return b.read(t, thread.ID)
}

// history reads all checkpoints of a namespace, without the runs and the thread that made them.
func (b *bench) history(t *testing.T, thread, ns string) []graphs.Saved {
	t.Helper()
	var all []graphs.Saved
	for s, err := range b.db.Checkpoints.Reader(b.who.Threads(authhooks.Read), thread).List(t.Context(), graphs.ListQuery{NS: ns}) {
		is(t, err, nil)
		s.RunID = ""
		delete(s.Metadata, "thread_id")
		all = append(all, *s)
	}
	return all
}

func copyState(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	source := b.lived(t)
	made, err := b.copied(t, source.ID, map[string]any{"note": "copy", "owner": "mallory"})
	is(t, err, nil)
	got := p.read(t, made.ID)
	same(t, "metadata", map[string]any{"note": "copy", "owner": "alice"}, doc(t, got.Metadata))
	same(t, "values", doc(t, source.Values), doc(t, got.Values))
	same(t, "values of the answer", doc(t, source.Values), doc(t, made.Values))
	same(t, "status", "idle", got.Status)
	same(t, "interrupts", "{}", string(got.Interrupts))
	for _, ns := range []string{"", "sub:1"} {
		same(t, "history of "+ns, b.history(t, source.ID, ns), b.history(t, made.ID, ns))
	}
	saved, err := p.db.Checkpoints.Reader(b.who.Threads(authhooks.Read), made.ID).Get(t.Context(), "", checkpointID(1))
	is(t, err, nil)
	same(t, "thread of the metadata", `"`+made.ID+`"`, string(saved.Metadata["thread_id"]))
	same(t, "a long number", `12345678901234567890`, string(saved.Metadata["n"]))
	runs, _, err := p.db.Runs.List(t.Context(), b.who.Threads(authhooks.Read), made.ID, store.RunQuery{})
	is(t, err, nil)
	same(t, "runs", 0, len(runs))
	log, err := p.db.Events.Read(t.Context(), b.who.Threads(authhooks.Read), made.ID, "", -1, 0)
	is(t, err, nil)
	same(t, "log", 0, len(log))
}

func copyIndependent(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	source := b.lived(t)
	made, err := b.copied(t, source.ID, nil)
	is(t, err, nil)
	before := b.history(t, source.ID, "")
	c := b.claimOf(t, b.run(t, made.ID))
	b.commit(t, c, store.Batch{
		Checkpoints: []graphs.Commit{with(step(5, checkpointID(3), nil), "l", appends(checkpointID(3), 3, `[1,2,3,4]`, `4`))},
		Finish:      &store.Finish{Status: store.RunSuccess, Values: store.JSON(`{"l":[1,2,3,4]}`)},
	})
	same(t, "the source's history", before, b.history(t, source.ID, ""))
	same(t, "the copy's values", `{"l":[1,2,3,4]}`, b.values(t, made.ID))
	kept := b.history(t, made.ID, "")
	is(t, p.db.Threads.Delete(t.Context(), b.who.Threads(authhooks.Delete), source.ID), nil)
	same(t, "the copy's history", kept, b.history(t, made.ID, ""))
}

func copyStamped(t *testing.T, p *place) {
	// Both may read the source; the copy is of who makes it.
	alice, bob := p.bench(t, Owner(t, "alice")), Owner(t, "bob")
	source := alice.lived(t)
	reader := Under(t, "bob", authhooks.AllowAll)
	made, err := p.db.Threads.Copy(t.Context(), reader.Threads(authhooks.Read), bob.Threads(authhooks.Create), store.ThreadCopy{SourceID: source.ID})
	is(t, err, nil)
	same(t, "metadata", map[string]any{"owner": "bob"}, doc(t, made.Metadata))
	same(t, "owned", []string{"owner"}, made.Owned)
	_, err = p.db.Threads.Get(t.Context(), alice.who.Threads(authhooks.Read), made.ID)
	is(t, err, store.ErrNotFound)

	red := authhooks.Eq("team", "red")
	_, err = p.db.Threads.Copy(t.Context(), reader.Threads(authhooks.Read), Under(t, "bob", Says(&red, nil)).Threads(authhooks.Create),
		store.ThreadCopy{SourceID: source.ID, Metadata: map[string]any{"team": "blue"}})
	is(t, err, store.ErrPostImage)
	_, err = p.db.Threads.Copy(t.Context(), reader.Threads(authhooks.Read), bob.Threads(authhooks.Create), store.ThreadCopy{SourceID: source.ID, ID: source.ID})
	is(t, err, store.ErrExists)
}

func copyBusy(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, nil)
	run := b.run(t, thread.ID)
	_, err := b.copied(t, thread.ID, nil)
	is(t, err, store.ErrBusy)
	b.finish(t, b.claimOf(t, run), store.Finish{Status: store.RunSuccess})
	_, err = b.copied(t, thread.ID, nil)
	is(t, err, nil)
	_, err = b.copied(t, uuid.NewString(), nil)
	is(t, err, store.ErrNotFound)
	_, err = b.copied(t, "no UUID", nil)
	is(t, err, store.ErrNotFound)
}

func copyScopes(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	source := b.lived(t)
	read, create := b.who.Threads(authhooks.Read), b.who.Threads(authhooks.Create)
	for name, scopes := range map[string][2]access.ThreadScope{
		"zero read": {{}, create}, "zero create": {read, {}}, "swapped": {create, read}, "read twice": {read, read},
	} {
		_, err := p.db.Threads.Copy(t.Context(), scopes[0], scopes[1], store.ThreadCopy{SourceID: source.ID})
		if err == nil {
			t.Errorf("%s: was taken", name)
		}
	}
	_, err := p.db.Threads.Copy(t.Context(), Owner(t, "bob").Threads(authhooks.Read), Owner(t, "bob").Threads(authhooks.Create),
		store.ThreadCopy{SourceID: source.ID})
	is(t, err, store.ErrNotFound)
}
