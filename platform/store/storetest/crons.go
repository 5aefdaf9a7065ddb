package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
)

// Crons returns a scope.
func (p Person) Crons(action authhooks.Action) access.CronScope {
	p.t.Helper()
	s, err := p.guard.Crons(p.context(), authhooks.NewValue(authhooks.Crons, action))
	if err != nil {
		p.t.Fatalf("crons:%s: %v", action, err)
	}
	return s
}

// noon is when the crons of the suite are due.
var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// cron makes a cron that is due at noon, with what the test leaves out.
func (b *bench) cron(t *testing.T, n store.CronNew) store.Cron {
	t.Helper()
	row, err := b.newCron(t, n)
	is(t, err, nil)
	return row
}

func (b *bench) newCron(t *testing.T, n store.CronNew) (store.Cron, error) {
	t.Helper()
	if n.AssistantID == "" {
		n.AssistantID = b.assistant.ID
	}
	n.Schedule, n.Enabled, n.NextAt = "0 12 * * *", true, noon
	return b.db.Crons.Create(t.Context(), b.who.Crons(authhooks.Create), b.who.Threads(authhooks.CreateRun), b.who.Assistants(authhooks.Read), n)
}

func (b *bench) readCron(t *testing.T, id string) store.Cron {
	t.Helper()
	row, err := b.db.Crons.Get(t.Context(), b.who.Crons(authhooks.Read), b.who.Threads(authhooks.Read), id)
	is(t, err, nil)
	return row
}

// patchCron changes a cron, which is due an hour after noon then.
func (b *bench) patchCron(t *testing.T, id string, p store.CronPatch) (store.Cron, error) {
	t.Helper()
	p.Next = func(store.Cron) (time.Time, error) { return noon.Add(time.Hour), nil }
	return b.db.Crons.Patch(t.Context(), b.who.Crons(authhooks.Update), b.who.Threads(authhooks.CreateRun), b.who.Assistants(authhooks.Read), id, p)
}

func cronSuite(t *testing.T, p *place) {
	for name, test := range map[string]func(*testing.T, *place){
		"create and read":          createCron,
		"create H-38":              createCronOnForeign,
		"patch":                    patchCron,
		"patch R-35 R-36":          patchCronOwned,
		"patch by another H-38":    patchCronForeign,
		"threads hide crons H-39":  cronsOfThreads,
		"delete with thread":       cronGoesWithThread,
		"delete by assistant H-12": cronsOfAssistant,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, p)
		})
	}
}

func createCron(t *testing.T, p *place) {
	alice := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, alice.who, nil)
	made := alice.cron(t, store.CronNew{
		ThreadID: thread.ID, Timezone: "Europe/Berlin", Payload: store.JSON(`{"input":{"b":1,"a":2}}`), EndTime: noon.AddDate(1, 0, 0),
		Metadata: map[string]any{"owner": "bob", "k": "v", "__x": 1},
	})
	got := alice.readCron(t, made.ID)
	same(t, "metadata", map[string]any{"owner": "alice", "k": "v"}, doc(t, got.Metadata))
	same(t, "made", []any{"alice", thread.ID, noon, true}, []any{got.UserID, got.ThreadID, got.NextAt, got.Enabled})
	same(t, "payload", `{"input":{"b":1,"a":2}}`, string(got.Payload))
	got.Metadata = made.Metadata
	same(t, "read back", made, got)

	target, err := p.db.Crons.Find(t.Context(), alice.who.Crons(authhooks.Delete), made.ID)
	is(t, err, nil)
	same(t, "target", store.CronTarget{ID: made.ID, AssistantID: alice.assistant.ID, ThreadID: thread.ID}, target)
	_, err = alice.newCron(t, store.CronNew{ID: made.ID})
	is(t, err, store.ErrExists)
	is(t, p.db.Crons.Delete(t.Context(), alice.who.Crons(authhooks.Delete), alice.who.Threads(authhooks.Read), made.ID), nil)
	_, err = p.db.Crons.Find(t.Context(), alice.who.Crons(authhooks.Read), made.ID)
	is(t, err, store.ErrNotFound)
}

func createCronOnForeign(t *testing.T, p *place) {
	alice, eve := p.bench(t, Owner(t, "alice")), p.bench(t, Owner(t, "eve"))
	_, err := eve.newCron(t, store.CronNew{ThreadID: p.thread(t, alice.who, nil).ID})
	is(t, err, store.ErrNotFound)
	if errors.Is(err, store.ErrAssistantNotFound) {
		t.Errorf("error %v speaks of the assistant", err)
	}
	_, err = eve.newCron(t, store.CronNew{AssistantID: alice.assistant.ID})
	is(t, err, store.ErrAssistantNotFound)
	loose, err := eve.create(t, store.RunNew{Implicit: eve.implicit(nil), Temporary: true})
	is(t, err, nil)
	_, err = eve.newCron(t, store.CronNew{ThreadID: loose.ThreadID})
	is(t, err, store.ErrNotFound)
	for _, wrong := range []error{
		func() error {
			_, err := p.db.Crons.Create(t.Context(), eve.who.Crons(authhooks.Create), access.ThreadScope{}, eve.who.Assistants(authhooks.Read), store.CronNew{})
			return err
		}(),
		func() error {
			_, err := p.db.Crons.Create(t.Context(), eve.who.Crons(authhooks.Create), eve.who.Threads(authhooks.CreateRun), access.AssistantScope{}, store.CronNew{})
			return err
		}(),
	} {
		is(t, wrong, access.ErrNoScope)
	}
	n, err := p.db.Crons.Count(t.Context(), eve.who.Crons(authhooks.Search), eve.who.Threads(authhooks.Search), store.CronQuery{})
	is(t, err, nil)
	same(t, "eve's crons", 0, n)
}

func patchCron(t *testing.T, p *place) {
	alice := p.bench(t, Owner(t, "alice"))
	made := alice.cron(t, store.CronNew{
		Metadata: map[string]any{"a": "1", "b": "1"}, Payload: store.JSON(`{"input":1,"webhook":"x","context":{}}`), EndTime: noon.AddDate(1, 0, 0),
	})
	got, err := alice.patchCron(t, made.ID, store.CronPatch{
		Metadata: map[string]any{"b": "2"}, Payload: map[string]store.JSON{"input": store.JSON(`2`), "context": nil, "none": nil},
		Schedule: text("1 * * * *"), Timezone: text("Asia/Tokyo"),
	})
	is(t, err, nil)
	same(t, "metadata", map[string]any{"owner": "alice", "a": "1", "b": "2"}, doc(t, got.Metadata))
	same(t, "payload", map[string]any{"input": 2.0, "webhook": "x"}, doc(t, got.Payload))
	same(t, "rest", []any{"1 * * * *", "Asia/Tokyo", noon.Add(time.Hour), made.EndTime}, []any{got.Schedule, got.Timezone, got.NextAt, got.EndTime})

	off, never := false, time.Time{}
	got, err = alice.patchCron(t, made.ID, store.CronPatch{Enabled: &off, EndTime: &never})
	is(t, err, nil)
	same(t, "disabled", []any{false, time.Time{}, time.Time{}, "1 * * * *"}, []any{got.Enabled, got.NextAt, got.EndTime, got.Schedule})
	read := alice.readCron(t, made.ID)
	got.Metadata, read.Metadata = nil, nil
	same(t, "read back", got, read)

	_, err = p.db.Crons.Patch(t.Context(), alice.who.Crons(authhooks.Update), alice.who.Threads(authhooks.CreateRun), alice.who.Assistants(authhooks.Read),
		made.ID, store.CronPatch{Metadata: map[string]any{"c": "3"}})
	is(t, err, nil)
	wrong := errors.New("no such time")
	on := true
	_, err = p.db.Crons.Patch(t.Context(), alice.who.Crons(authhooks.Update), alice.who.Threads(authhooks.CreateRun), alice.who.Assistants(authhooks.Read), made.ID,
		store.CronPatch{Enabled: &on, Next: func(store.Cron) (time.Time, error) { return time.Time{}, wrong }})
	is(t, err, wrong)
	same(t, "still disabled", false, alice.readCron(t, made.ID).Enabled)
}

func patchCronOwned(t *testing.T, p *place) {
	alice := p.bench(t, Owner(t, "alice"))
	made := alice.cron(t, store.CronNew{})
	_, err := alice.patchCron(t, made.ID, store.CronPatch{Metadata: map[string]any{"owner": "bob"}})
	var owned *store.OwnedKeyError
	if !errors.As(err, &owned) {
		t.Errorf("error %v, want *OwnedKeyError", err)
	}
	filter := authhooks.Eq("team", "red")
	red := p.bench(t, Under(t, "alice", Says(&filter, map[string]any{"team": "red"})))
	free := Under(t, "alice", Says(&filter, nil))
	made, err = p.db.Crons.Create(t.Context(), free.Crons(authhooks.Create), red.who.Threads(authhooks.CreateRun), red.who.Assistants(authhooks.Read),
		store.CronNew{AssistantID: red.assistant.ID, Metadata: map[string]any{"team": "red"}})
	is(t, err, nil)
	_, err = red.patchCron(t, made.ID, store.CronPatch{Metadata: map[string]any{"team": "blue"}})
	is(t, err, store.ErrPostImage)
}

// patchCronForeign lets someone whom the hooks let change a cron that acts as another.
func patchCronForeign(t *testing.T, p *place) {
	alice, admin := p.bench(t, Owner(t, "alice")), p.bench(t, Under(t, "admin", Says(nil, nil)))
	made := alice.cron(t, store.CronNew{Payload: store.JSON(`{"input":1}`)})
	off := false
	got, err := admin.patchCron(t, made.ID, store.CronPatch{Enabled: &off})
	is(t, err, nil)
	same(t, "switched off, and still alice's", []any{false, "alice"}, []any{got.Enabled, got.UserID})
	_, err = admin.patchCron(t, made.ID, store.CronPatch{Payload: map[string]store.JSON{"input": store.JSON(`2`)}})
	is(t, err, store.ErrForeignCron)
	same(t, "payload", `{"input":1}`, string(alice.readCron(t, made.ID).Payload))
}

// cronsOfThreads lets bob reach every cron, but only his threads.
func cronsOfThreads(t *testing.T, p *place) {
	alice := p.bench(t, Owner(t, "alice"))
	all, bob := Under(t, "bob", Says(nil, nil)), Owner(t, "bob")
	marked := map[string]any{"set": "H-39"}
	loose := alice.cron(t, store.CronNew{Metadata: marked})
	bound := alice.cron(t, store.CronNew{Metadata: marked, ThreadID: p.thread(t, alice.who, nil).ID})

	rows, total, err := p.db.Crons.Search(t.Context(), all.Crons(authhooks.Search), bob.Threads(authhooks.Search), store.CronQuery{Metadata: store.JSON(`{"set": "H-39"}`)})
	is(t, err, nil)
	if total != 1 || len(rows) != 1 || rows[0].ID != loose.ID {
		t.Errorf("%d rows of %d: %v, want the one without a thread", len(rows), total, rows)
	}
	for _, threads := range []access.ThreadScope{bob.Threads(authhooks.Read), {}} {
		_, err := p.db.Crons.Get(t.Context(), all.Crons(authhooks.Read), threads, bound.ID)
		is(t, err, store.ErrNotFound)
		is(t, p.db.Crons.Delete(t.Context(), all.Crons(authhooks.Delete), threads, bound.ID), store.ErrNotFound)
		_, err = p.db.Crons.Get(t.Context(), all.Crons(authhooks.Read), threads, loose.ID)
		is(t, err, nil)
	}
	_, err = p.db.Crons.Patch(t.Context(), all.Crons(authhooks.Update), bob.Threads(authhooks.CreateRun), all.Assistants(authhooks.Read), bound.ID, store.CronPatch{})
	is(t, err, store.ErrNotFound)
	_, err = p.db.Crons.Patch(t.Context(), all.Crons(authhooks.Update), all.Threads(authhooks.CreateRun), bob.Assistants(authhooks.Read), bound.ID, store.CronPatch{})
	is(t, err, store.ErrAssistantNotFound)
	if diff := cmp.Diff(bound.UpdatedAt, alice.readCron(t, bound.ID).UpdatedAt); diff != "" {
		t.Errorf("the cron was changed:\n%s", diff)
	}
}

func cronGoesWithThread(t *testing.T, p *place) {
	alice := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, alice.who, nil)
	bound, loose := alice.cron(t, store.CronNew{ThreadID: thread.ID}), alice.cron(t, store.CronNew{})
	is(t, p.db.Threads.Delete(t.Context(), alice.who.Threads(authhooks.Delete), thread.ID), nil)
	_, err := p.db.Crons.Find(t.Context(), alice.who.Crons(authhooks.Read), bound.ID)
	is(t, err, store.ErrNotFound)
	alice.readCron(t, loose.ID)
}

func cronsOfAssistant(t *testing.T, p *place) {
	alice, bob := p.bench(t, Owner(t, "alice")), p.bench(t, Owner(t, "bob"))
	bobs := bob.cron(t, store.CronNew{})
	shared := p.assistant(t, Under(t, "alice", Says(nil, nil)), store.AssistantNew{GraphID: "agent"})
	all := Under(t, "bob", Says(nil, nil))
	foreign, err := p.db.Crons.Create(t.Context(), bob.who.Crons(authhooks.Create), all.Threads(authhooks.CreateRun), all.Assistants(authhooks.Read),
		store.CronNew{AssistantID: shared.ID})
	is(t, err, nil)
	mine, err := p.db.Crons.Create(t.Context(), alice.who.Crons(authhooks.Create), all.Threads(authhooks.CreateRun), all.Assistants(authhooks.Read),
		store.CronNew{AssistantID: shared.ID})
	is(t, err, nil)
	n, err := p.db.Crons.DeleteByAssistant(t.Context(), alice.who.Crons(authhooks.Delete), shared.ID)
	is(t, err, nil)
	same(t, "deleted", 1, n)
	_, err = p.db.Crons.Find(t.Context(), alice.who.Crons(authhooks.Read), mine.ID)
	is(t, err, store.ErrNotFound)
	bob.readCron(t, bobs.ID)
	bob.readCron(t, foreign.ID)
}
