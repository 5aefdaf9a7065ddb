package storetest

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
)

func runSuite(t *testing.T, p *place) {
	for name, test := range map[string]func(*testing.T, *place){
		"create":                        createRun,
		"create makes the thread H-21":  createRunThread,
		"create under a foreign id":     createRunForeign,
		"create R-36 R-37":              createRunPostImage,
		"assistant of another H-17":     createRunAssistant,
		"reject":                        rejectRun,
		"interrupt":                     interruptRuns,
		"rollback":                      rollbackRuns,
		"delayed":                       delayedRun,
		"list":                          listRuns,
		"tasks":                         tasksOfRuns,
		"another thread's run H-55":     foreignRun,
		"cancel is all or nothing H-27": cancelRuns,
		"cancel frees the thread":       cancelPending,
		"delete":                        deleteRun,
		"temporary threads H-11":        temporaryRun,
	} {
		t.Run(name, func(t *testing.T) { test(t, p) }) // one by one: they claim from one queue
	}
	p.sound(t)
}

func createRun(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, map[string]any{"k": "v"})
	made, err := b.create(t, store.RunNew{
		ThreadID: thread.ID, Metadata: store.JSON(`{"m":1}`), Kwargs: store.JSON(`{"input":{"a":"\u00e9"}}`),
		Modes: []string{"values", "updates"}, Resumable: true, Principal: store.JSON(`{"identity":"alice"}`),
	})
	is(t, err, nil)
	got, err := b.db.Runs.Get(t.Context(), b.who.Threads(authhooks.Read), thread.ID, made.ID)
	is(t, err, nil)
	same(t, "kwargs", doc(t, made.Kwargs), doc(t, got.Kwargs))
	got.Kwargs, got.Metadata = made.Kwargs, made.Metadata
	same(t, "run", made, got)
	same(t, "status", store.RunPending, got.Status)

	row := p.read(t, thread.ID)
	same(t, "thread status", "busy", row.Status)
	same(t, "thread metadata", map[string]any{
		"owner": "alice", "k": "v", "graph_id": "agent", "assistant_id": b.assistant.ID,
	}, doc(t, row.Metadata))

	c := b.claimOf(t, made)
	same(t, "principal", `{"identity":"alice"}`, string(c.Principal))
	same(t, "attempt", 1, c.Attempt)
	same(t, "assistant", "agent", c.Assistant.GraphID)
	same(t, "thread metadata", doc(t, row.Metadata), doc(t, c.Thread.Metadata))
	if c.SeqFirst <= made.Seq {
		t.Errorf("events from %d on, but the run was made at %d", c.SeqFirst, made.Seq)
	}
	shown, err := json.Marshal(got)
	is(t, err, nil)
	if strings.Contains(string(shown), "identity") {
		t.Errorf("a run shows whom it acts for: %s", shown)
	}

	_, err = b.create(t, store.RunNew{ThreadID: uuid.NewString()})
	is(t, err, store.ErrNotFound)
	_, err = b.create(t, store.RunNew{ThreadID: "no-uuid", Implicit: b.implicit(nil)})
	is(t, err, store.ErrNotFound)
	_, err = b.create(t, store.RunNew{ThreadID: thread.ID, ID: made.ID})
	is(t, err, store.ErrExists)
}

func createRunThread(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	id := uuid.NewString()
	run, err := b.create(t, store.RunNew{ThreadID: id, Implicit: b.implicit(map[string]any{"owner": "bob", "m": "x"})})
	is(t, err, nil)
	row := p.read(t, id)
	same(t, "metadata", map[string]any{"owner": "alice", "m": "x", "graph_id": "agent", "assistant_id": b.assistant.ID}, doc(t, row.Metadata))
	same(t, "owned", []string{"owner"}, row.Owned)
	same(t, "status", "busy", row.Status)
	again, err := b.create(t, store.RunNew{ThreadID: id, Implicit: b.implicit(nil)})
	is(t, err, nil)
	if again.Seq <= run.Seq {
		t.Errorf("the second run is at %d, the first at %d", again.Seq, run.Seq)
	}
	anywhere, err := b.create(t, store.RunNew{Implicit: b.implicit(nil)})
	is(t, err, nil)
	if anywhere.ThreadID == "" || anywhere.ThreadID == id {
		t.Errorf("thread %q for a run that named none", anywhere.ThreadID)
	}
}

func createRunForeign(t *testing.T, p *place) {
	alice, bob := p.bench(t, Owner(t, "alice")), p.bench(t, Owner(t, "bob"))
	thread := p.thread(t, alice.who, map[string]any{"k": "v"})
	before := p.read(t, thread.ID)
	for _, strategy := range []string{"", store.StrategyReject, store.StrategyInterrupt, store.StrategyRollback} {
		_, err := bob.create(t, store.RunNew{ThreadID: thread.ID, Strategy: strategy, Implicit: bob.implicit(map[string]any{"k": "stolen"})})
		is(t, err, store.ErrNotFound)
		_, err = bob.create(t, store.RunNew{ThreadID: thread.ID, Strategy: strategy})
		is(t, err, store.ErrNotFound)
	}
	same(t, "thread", before, p.read(t, thread.ID))
	_, total, err := p.db.Runs.List(t.Context(), alice.who.Threads(authhooks.Read), thread.ID, store.RunQuery{})
	is(t, err, nil)
	same(t, "runs", 0, total)
}

func createRunPostImage(t *testing.T, p *place) {
	mine := authhooks.Eq("owner", "alice")
	b := p.bench(t, Owner(t, "alice"))
	// The answer to threads:create stamps another owner than it filters by.
	wrong := Under(t, "alice", Says(&mine, map[string]any{"owner": "bob"}))
	id := uuid.NewString()
	_, err := b.create(t, store.RunNew{ThreadID: id, Implicit: &store.ImplicitThread{Scope: wrong.Threads(authhooks.Create)}})
	is(t, err, store.ErrPostImage)
	_, err = p.db.Threads.Get(t.Context(), Under(t, "all", authhooks.AllowAll).Threads(authhooks.Read), id)
	is(t, err, store.ErrNotFound)
	// A thread that the filter of create_run would not reach is not made either.
	none := Under(t, "alice", Says(nil, nil))
	_, err = p.db.Runs.Create(t.Context(), Under(t, "alice", Says(&mine, nil)).Threads(authhooks.CreateRun), b.who.Assistants(authhooks.Read),
		store.RunNew{ThreadID: id, AssistantID: b.assistant.ID, Implicit: &store.ImplicitThread{Scope: none.Threads(authhooks.Create)}})
	is(t, err, store.ErrPostImage)
	// What a run notes on its thread must not take it out of the caller's reach.
	other := authhooks.Eq("graph_id", "other")
	thread := p.thread(t, none, map[string]any{"graph_id": "other"})
	_, err = p.db.Runs.Create(t.Context(), Under(t, "alice", Says(&other, nil)).Threads(authhooks.CreateRun), b.who.Assistants(authhooks.Read),
		store.RunNew{ThreadID: thread.ID, AssistantID: b.assistant.ID})
	is(t, err, store.ErrPostImage)
	same(t, "status", "idle", p.read(t, thread.ID).Status)
}

func createRunAssistant(t *testing.T, p *place) {
	alice, bob := p.bench(t, Owner(t, "alice")), p.bench(t, Owner(t, "bob"))
	thread := p.thread(t, bob.who, nil)
	for name, id := range map[string]string{"foreign": alice.assistant.ID, "missing": uuid.NewString(), "no id": "agent"} {
		_, err := bob.create(t, store.RunNew{ThreadID: thread.ID, AssistantID: id})
		if !errors.Is(err, store.ErrAssistantNotFound) {
			t.Errorf("%s assistant: error %v", name, err)
		}
	}
	same(t, "status", "idle", p.read(t, thread.ID).Status)
	// The scope of system assistants reaches no other, whoever made it.
	_, err := p.db.Runs.Create(t.Context(), bob.who.Threads(authhooks.CreateRun), bob.who.SystemAssistant(),
		store.RunNew{ThreadID: thread.ID, AssistantID: bob.assistant.ID})
	is(t, err, store.ErrAssistantNotFound)
	system := uuid.NewString()
	is(t, p.db.Assistants.SyncSystem(t.Context(), access.System("test"), []store.SystemAssistant{{ID: system, GraphID: "g", Name: "g"}}), nil)
	_, err = p.db.Runs.Create(t.Context(), bob.who.Threads(authhooks.CreateRun), bob.who.SystemAssistant(),
		store.RunNew{ThreadID: thread.ID, AssistantID: system})
	is(t, err, nil)
}

func listRuns(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, nil)
	read := b.who.Threads(authhooks.Read)
	rows, total, err := p.db.Runs.List(t.Context(), read, thread.ID, store.RunQuery{})
	is(t, err, nil)
	same(t, "empty", []int{0, 0}, []int{len(rows), total})
	var made []store.Run
	for i := range 5 {
		run, err := b.create(t, store.RunNew{ThreadID: thread.ID, After: time.Duration(i) * time.Minute})
		is(t, err, nil)
		made = append(made, run)
	}
	_, err = p.db.Runs.Cancel(t.Context(), b.who.Threads(authhooks.Update), thread.ID, []string{made[1].ID}, store.CancelInterrupt, "")
	is(t, err, nil)
	for _, test := range []struct {
		q     store.RunQuery
		want  []int
		total int
	}{
		{store.RunQuery{}, []int{4, 3, 2, 1, 0}, 5},
		{store.RunQuery{Limit: 2}, []int{4, 3}, 5},
		{store.RunQuery{Limit: 2, Offset: 4}, []int{0}, 5},
		{store.RunQuery{Limit: 2, Offset: 9}, nil, 5},
		{store.RunQuery{Status: store.RunInterrupted}, []int{1}, 1},
		{store.RunQuery{Status: store.RunSuccess}, nil, 0},
	} {
		rows, total, err := p.db.Runs.List(t.Context(), read, thread.ID, test.q)
		is(t, err, nil)
		var got, want []string
		for _, r := range rows {
			got = append(got, r.ID)
		}
		for _, i := range test.want {
			want = append(want, made[i].ID)
		}
		same(t, "page", want, got)
		same(t, "total", test.total, total)
	}
}

func foreignRun(t *testing.T, p *place) {
	alice, bob := p.bench(t, Owner(t, "alice")), p.bench(t, Owner(t, "bob"))
	hers, his := p.thread(t, alice.who, nil), p.thread(t, bob.who, nil)
	run := alice.run(t, hers.ID)
	c := alice.claimOf(t, run)
	is(t, p.db.Runs.Commit(t.Context(), c.Lease, store.Batch{Segments: []store.Segment{{First: c.SeqFirst, Last: c.SeqFirst, Data: []byte("{}\n")}}}), nil)
	bob.run(t, his.ID)

	_, err := p.db.Runs.Get(t.Context(), bob.who.Threads(authhooks.Read), his.ID, run.ID)
	is(t, err, store.ErrNotFound)
	_, err = p.db.Runs.Cancel(t.Context(), bob.who.Threads(authhooks.Update), his.ID, []string{run.ID}, store.CancelRollback, "")
	is(t, err, store.ErrNotFound)
	is(t, p.db.Runs.Delete(t.Context(), bob.who.Threads(authhooks.Delete), his.ID, run.ID), store.ErrNotFound)
	log, err := p.db.Events.Read(t.Context(), bob.who.Threads(authhooks.Read), his.ID, run.ID, -1, 0)
	is(t, err, nil)
	same(t, "segments", 0, len(log))
	same(t, "run", store.RunRunning, alice.status(t, run))
}

func cancelRuns(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread, other := p.thread(t, b.who, nil), p.thread(t, b.who, nil)
	first, second, elsewhere := b.run(t, thread.ID), b.run(t, thread.ID), b.run(t, other.ID)
	update := b.who.Threads(authhooks.Update)
	for name, ids := range map[string][]string{
		"missing":            {first.ID, uuid.NewString()},
		"of another thread":  {first.ID, elsewhere.ID},
		"no id":              {first.ID, "x"},
		"of no one's thread": {first.ID, ""},
	} {
		_, err := p.db.Runs.Cancel(t.Context(), update, thread.ID, ids, store.CancelInterrupt, "")
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	same(t, "first", store.RunPending, b.status(t, first))
	runs, err := p.db.Runs.Cancel(t.Context(), update, thread.ID, []string{first.ID, first.ID}, store.CancelInterrupt, "")
	is(t, err, nil)
	same(t, "cancelled", []string{first.ID, store.RunInterrupted}, []string{runs[0].ID, runs[0].Status})
	same(t, "thread", "busy", p.read(t, thread.ID).Status)
	c := b.claimOf(t, second) // it has become the head
	runs, err = p.db.Runs.Cancel(t.Context(), update, thread.ID, []string{first.ID, second.ID}, store.CancelRollback, "")
	is(t, err, nil)
	same(t, "runs", 2, len(runs))
	same(t, "the ended one", store.RunInterrupted, b.status(t, first))
	got, err := p.db.Runs.ByID(t.Context(), b.who.Threads(authhooks.Read), second.ID)
	is(t, err, nil)
	same(t, "cancel", store.CancelRollback, got.Cancel)
	_, err = p.db.Runs.Cancel(t.Context(), update, thread.ID, []string{second.ID}, store.CancelInterrupt, "")
	is(t, err, nil)
	got, err = p.db.Runs.ByID(t.Context(), b.who.Threads(authhooks.Read), second.ID)
	is(t, err, nil)
	same(t, "a rollback stays one", store.CancelRollback, got.Cancel)
	b.finish(t, c, store.Finish{Status: store.RunInterrupted, Rollback: true})
}

func cancelPending(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	for name, end := range map[string]struct {
		finish store.Finish
		want   string
	}{
		"idle":  {store.Finish{Status: store.RunSuccess}, "idle"},
		"error": {store.Finish{Status: store.RunTimeout}, "error"},
	} {
		thread := p.thread(t, b.who, nil)
		b.finish(t, b.claimOf(t, b.run(t, thread.ID)), end.finish)
		run := b.run(t, thread.ID)
		_, err := p.db.Runs.Cancel(t.Context(), b.who.Threads(authhooks.Update), thread.ID, []string{run.ID}, store.CancelInterrupt, "")
		is(t, err, nil)
		same(t, name, end.want, p.read(t, thread.ID).Status)
	}
}

func deleteRun(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, nil)
	first, second := b.run(t, thread.ID), b.run(t, thread.ID)
	c := b.claimOf(t, first)
	del := b.who.Threads(authhooks.Delete)
	is(t, p.db.Runs.Delete(t.Context(), del, thread.ID, uuid.NewString()), store.ErrNotFound)
	is(t, p.db.Runs.Delete(t.Context(), del, thread.ID, first.ID), nil)
	is(t, p.db.Runs.Delete(t.Context(), del, thread.ID, first.ID), store.ErrNotFound)
	is(t, p.db.Runs.Commit(t.Context(), c.Lease, store.Batch{}), store.ErrLostLease)
	b.finish(t, b.claimOf(t, second), store.Finish{Status: store.RunSuccess}) // it has become the head
	same(t, "thread", "idle", p.read(t, thread.ID).Status)
}

func temporaryRun(t *testing.T, p *place) {
	alice, bob := p.bench(t, Owner(t, "alice")), p.bench(t, Owner(t, "bob"))
	run, err := alice.create(t, store.RunNew{Implicit: alice.implicit(nil), Temporary: true})
	is(t, err, nil)
	_, err = alice.create(t, store.RunNew{ThreadID: run.ThreadID, Implicit: alice.implicit(nil)})
	is(t, err, store.ErrNotFound)
	c := alice.claimOf(t, run)
	same(t, "temporary", true, c.Thread.Temporary)
	is(t, p.db.Runs.Commit(t.Context(), c.Lease, store.Batch{
		Segments: []store.Segment{{First: c.SeqFirst, Last: c.SeqFirst + 1, Data: []byte("{}\n{}\n")}},
		Finish:   &store.Finish{Status: store.RunSuccess, Values: store.JSON(`{"a":1}`)},
	}), nil)

	read := alice.who.Threads(authhooks.Read)
	_, err = p.db.Runs.Get(t.Context(), read, run.ThreadID, run.ID)
	is(t, err, store.ErrNotFound)
	_, _, err = p.db.Runs.List(t.Context(), read, run.ThreadID, store.RunQuery{})
	is(t, err, store.ErrNotFound)
	ended, err := p.db.Runs.ByID(t.Context(), read, run.ID)
	is(t, err, nil)
	same(t, "status", store.RunSuccess, ended.Status)
	log, err := p.db.Events.Read(t.Context(), read, run.ThreadID, run.ID, -1, 0)
	is(t, err, nil)
	same(t, "segments", 1, len(log))
	_, err = p.db.Runs.ByID(t.Context(), bob.who.Threads(authhooks.Read), run.ID)
	is(t, err, store.ErrNotFound)
	log, err = p.db.Events.Read(t.Context(), bob.who.Threads(authhooks.Read), run.ThreadID, run.ID, -1, 0)
	is(t, err, nil)
	same(t, "foreign segments", 0, len(log))
}

// queueDepth counts everybody's runs, for the server alone.
func queueDepth(t *testing.T, p *place) {
	for _, name := range []string{"alice", "bob"} {
		b := p.bench(t, Owner(t, name))
		for range 2 {
			thread := p.thread(t, b.who, nil)
			_, err := b.create(t, store.RunNew{ThreadID: thread.ID, After: time.Hour})
			is(t, err, nil)
		}
	}
	b := p.bench(t, Owner(t, "carol"))
	made, err := b.create(t, store.RunNew{Implicit: b.implicit(nil)})
	is(t, err, nil)
	b.claimOf(t, made)
	pending, running, err := p.db.Runs.Depth(t.Context(), access.System("test"))
	is(t, err, nil)
	same(t, "pending", 4, pending)
	same(t, "running", 1, running)
	_, _, err = p.db.Runs.Depth(t.Context(), access.SystemAccess{})
	is(t, err, access.ErrNoScope)
}
