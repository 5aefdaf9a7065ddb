package storetest

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/store"
)

func threadSuite(t *testing.T, p *place) {
	for name, test := range map[string]func(*testing.T, *place){
		"create AC-11 AC-12":             createThread,
		"create ids":                     createThreadIDs,
		"create R-37":                    createThreadPostImage,
		"exists AC-19 AC-46 H-32":        threadExists,
		"do nothing returns one's own":   threadDoNothing,
		"patch merges":                   patchThread,
		"patch R-35 AC-20":               patchThreadOwned,
		"patch R-36":                     patchThreadPostImage,
		"delete takes all along":         deleteThread,
		"temporary and hidden":           unlistedThreads,
		"delete by assistant H-12":       deleteByAssistant,
		"what databases refuse of a key": oddText,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, p)
		})
	}
}

// thread makes a thread of a person.
func (p *place) thread(t *testing.T, who Person, metadata map[string]any) store.Thread {
	t.Helper()
	row, err := p.db.Threads.Create(t.Context(), who.Threads(authhooks.Create), nil, store.ThreadNew{Metadata: metadata})
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	return row
}

// read returns what the database has of a thread, by a scope that reaches all.
func (p *place) read(t *testing.T, id string) store.Thread {
	t.Helper()
	row, err := p.db.Threads.Get(t.Context(), Under(t, "all", authhooks.AllowAll).Threads(authhooks.Read), id)
	if err != nil {
		t.Fatalf("get: %v", err)
	}
	return row
}

// doc decodes a JSON object.
func doc(t *testing.T, j store.JSON) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal(j, &out); err != nil {
		t.Fatalf("%s: %v", j, err)
	}
	return out
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// is fails unless err is want, or is no error when want is nil.
func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

func createThread(t *testing.T, p *place) {
	alice := Owner(t, "alice")
	made := p.thread(t, alice, map[string]any{
		"owner": "bob", "n": 1.5, "list": []any{"a"}, "__pregel": true, "langgraph_auth_user": "bob",
	})
	same(t, "metadata", map[string]any{"owner": "alice", "n": 1.5, "list": []any{"a"}}, doc(t, made.Metadata))
	same(t, "owned", []string{"owner"}, made.Owned)
	got, err := p.db.Threads.Get(t.Context(), alice.Threads(authhooks.Read), made.ID)
	is(t, err, nil)
	same(t, "read back", doc(t, made.Metadata), doc(t, got.Metadata))
	got.Metadata = made.Metadata // jsonb has an order of its own
	same(t, "read back", made, got)
	if got.Status != "idle" || string(got.Config) != "{}" || string(got.Interrupts) != "{}" || got.Values != nil || got.Error != nil {
		t.Errorf("a new thread is %+v", got)
	}
	if since := time.Since(got.CreatedAt); since < 0 || since > time.Minute {
		t.Errorf("created %v ago", since)
	}
}

func createThreadIDs(t *testing.T, p *place) {
	create := Owner(t, "alice").Threads(authhooks.Create)
	for name, test := range map[string]struct {
		id   string
		want error
	}{
		"a UUID":     {uuid.NewString(), nil},
		"upper case": {"AAAAAAAA-AAAA-4AAA-8AAA-AAAAAAAAAAAA", nil},
		"no UUID":    {"thread-1", store.ErrNotFound},
		"braces":     {"{" + uuid.NewString() + "}", store.ErrNotFound},
	} {
		_, err := p.db.Threads.Create(t.Context(), create, nil, store.ThreadNew{ID: test.id})
		if !errors.Is(err, test.want) {
			t.Errorf("%s: error %v, want %v", name, err, test.want)
		}
	}
	got := p.read(t, "aaaaaaaa-aaaa-4aaa-8aaa-AAAAAAAAAAAA")
	same(t, "id", "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa", got.ID)
}

func createThreadPostImage(t *testing.T, p *place) {
	filter := authhooks.Eq("owner", "bob")
	confused := Under(t, "alice", Says(&filter, map[string]any{"owner": "alice"}))
	id := uuid.NewString()
	_, err := p.db.Threads.Create(t.Context(), confused.Threads(authhooks.Create), nil, store.ThreadNew{ID: id})
	is(t, err, store.ErrPostImage)
	_, err = p.db.Threads.Get(t.Context(), Under(t, "all", authhooks.AllowAll).Threads(authhooks.Read), id)
	is(t, err, store.ErrNotFound)
}

func threadExists(t *testing.T, p *place) {
	alice, bob := Owner(t, "alice"), Owner(t, "bob")
	// Bob's create only stamps; his read is filtered all the same.
	stamps := Under(t, "bob", Says(nil, map[string]any{"owner": "bob"}))
	made := p.thread(t, alice, map[string]any{"secret": "x"})
	read := bob.Threads(authhooks.Read)
	for name, create := range map[string]Person{"filtered": bob, "only stamping": stamps} {
		for _, ifExists := range []string{"", "raise", "do_nothing"} {
			got, err := p.db.Threads.Create(t.Context(), create.Threads(authhooks.Create), &read,
				store.ThreadNew{ID: made.ID, IfExists: ifExists})
			if !errors.Is(err, store.ErrExists) || errors.Is(err, store.ErrNotFound) {
				t.Errorf("%s, if_exists %q: error %v, want ErrExists", name, ifExists, err)
			}
			if got.ID != "" || got.Metadata != nil {
				t.Errorf("%s, if_exists %q: got a foreign row: %+v", name, ifExists, got)
			}
		}
	}
	same(t, "alice's thread", doc(t, made.Metadata), doc(t, p.read(t, made.ID).Metadata))
}

func threadDoNothing(t *testing.T, p *place) {
	alice := Owner(t, "alice")
	made := p.thread(t, alice, map[string]any{"v": "old"})
	n := store.ThreadNew{ID: made.ID, IfExists: "do_nothing", Metadata: map[string]any{"v": "new"}}
	read := alice.Threads(authhooks.Read)
	got, err := p.db.Threads.Create(t.Context(), alice.Threads(authhooks.Create), &read, n)
	is(t, err, nil)
	same(t, "metadata", doc(t, made.Metadata), doc(t, got.Metadata))
	_, err = p.db.Threads.Create(t.Context(), alice.Threads(authhooks.Create), nil, n)
	is(t, err, store.ErrExists)
	n.IfExists = "raise"
	_, err = p.db.Threads.Create(t.Context(), alice.Threads(authhooks.Create), &read, n)
	is(t, err, store.ErrExists)
}

func patchThread(t *testing.T, p *place) {
	alice := Owner(t, "alice")
	made := p.thread(t, alice, map[string]any{"keep": "k", "nested": map[string]any{"a": "1", "b": "2"}})
	got, err := p.db.Threads.Patch(t.Context(), alice.Threads(authhooks.Update), made.ID, store.ThreadPatch{
		Metadata: map[string]any{"nested": map[string]any{"a": "3"}, "new": nil, "owner": "alice", "__x": 1},
		TTL:      &store.TTL{Minutes: 90},
	})
	is(t, err, nil)
	want := map[string]any{"keep": "k", "nested": map[string]any{"a": "3"}, "new": nil, "owner": "alice"}
	same(t, "answer", want, doc(t, got.Metadata))
	stored := p.read(t, made.ID)
	same(t, "stored", want, doc(t, stored.Metadata))
	if !stored.UpdatedAt.After(made.UpdatedAt) || !stored.StateUpdatedAt.Equal(made.StateUpdatedAt) {
		t.Errorf("updated_at %v, state_updated_at %v; made at %v", stored.UpdatedAt, stored.StateUpdatedAt, made.UpdatedAt)
	}
	same(t, "ttl", &store.TTL{Minutes: 90, Strategy: "delete", ExpiresAt: stored.UpdatedAt.Add(90 * time.Minute)}, stored.TTL)
}

func patchThreadOwned(t *testing.T, p *place) {
	alice, bob := Owner(t, "alice"), Owner(t, "bob")
	made := p.thread(t, alice, nil)
	for _, value := range []any{"bob", nil, "", []any{"alice", "bob"}, map[string]any{"$eq": "alice"}} {
		_, err := p.db.Threads.Patch(t.Context(), alice.Threads(authhooks.Update), made.ID,
			store.ThreadPatch{Metadata: map[string]any{"owner": value, "other": 1}})
		var owned *store.OwnedKeyError
		if !errors.As(err, &owned) || owned.Key != "owner" {
			t.Errorf("owner = %v: error %v, want *OwnedKeyError", value, err)
		}
	}
	same(t, "metadata", map[string]any{"owner": "alice"}, doc(t, p.read(t, made.ID).Metadata))
	_, err := p.db.Threads.Get(t.Context(), bob.Threads(authhooks.Read), made.ID)
	is(t, err, store.ErrNotFound)
}

func patchThreadPostImage(t *testing.T, p *place) {
	filter := authhooks.Eq("team", "red")
	red := Under(t, "alice", Says(&filter, nil))
	made := p.thread(t, red, map[string]any{"team": "red"})
	_, err := p.db.Threads.Patch(t.Context(), red.Threads(authhooks.Update), made.ID,
		store.ThreadPatch{Metadata: map[string]any{"team": "blue"}})
	is(t, err, store.ErrPostImage)
	same(t, "metadata", map[string]any{"team": "red"}, doc(t, p.read(t, made.ID).Metadata))
}

func deleteThread(t *testing.T, p *place) {
	alice, bob := Owner(t, "alice"), Owner(t, "bob")
	made := p.thread(t, alice, nil)
	p.exec(t, `INSERT INTO thread_values (thread_id, "values") VALUES ('`+made.ID+`', '{"secret": 1}')`)
	p.exec(t, `INSERT INTO logs (thread_id, next_seq) VALUES ('`+made.ID+`', 7)`)
	is(t, p.db.Threads.Delete(t.Context(), alice.Threads(authhooks.Delete), made.ID), nil)
	is(t, p.db.Threads.Delete(t.Context(), alice.Threads(authhooks.Delete), made.ID), store.ErrNotFound)
	// Whoever makes a thread of that id afterwards inherits nothing.
	_, err := p.db.Threads.Create(t.Context(), bob.Threads(authhooks.Create), nil, store.ThreadNew{ID: made.ID})
	is(t, err, nil)
	if got := p.read(t, made.ID); got.Values != nil {
		t.Errorf("bob's new thread has alice's values: %s", got.Values)
	}
}

func unlistedThreads(t *testing.T, p *place) {
	alice := Owner(t, "alice-unlisted")
	for name, set := range map[string]string{"temporary": "temporary = (1 = 1)", "hidden": "hidden_at = created_at"} {
		made := p.thread(t, alice, nil)
		p.exec(t, "UPDATE threads SET "+set+" WHERE id = '"+made.ID+"'")
		_, err := p.db.Threads.Get(t.Context(), alice.Threads(authhooks.Read), made.ID)
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: get: error %v, want ErrNotFound", name, err)
		}
		_, err = p.db.Threads.Patch(t.Context(), alice.Threads(authhooks.Update), made.ID, store.ThreadPatch{})
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: patch: error %v, want ErrNotFound", name, err)
		}
		if err := p.db.Threads.Delete(t.Context(), alice.Threads(authhooks.Delete), made.ID); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: delete: error %v, want ErrNotFound", name, err)
		}
		read := alice.Threads(authhooks.Read)
		_, err = p.db.Threads.Create(t.Context(), alice.Threads(authhooks.Create), &read, store.ThreadNew{ID: made.ID, IfExists: "do_nothing"})
		if !errors.Is(err, store.ErrExists) {
			t.Errorf("%s: create: error %v, want ErrExists", name, err)
		}
	}
	rows, total, err := p.db.Threads.Search(t.Context(), alice.Threads(authhooks.Search), store.ThreadQuery{})
	is(t, err, nil)
	if len(rows) != 0 || total != 0 {
		t.Errorf("search shows %d of %d", len(rows), total)
	}
}

func deleteByAssistant(t *testing.T, p *place) {
	alice, bob := Owner(t, "alice"), Owner(t, "bob")
	assistant := uuid.NewString()
	mine := p.thread(t, alice, map[string]any{"assistant_id": assistant})
	other := p.thread(t, alice, map[string]any{"assistant_id": uuid.NewString()})
	foreign := p.thread(t, bob, map[string]any{"assistant_id": assistant})
	n, err := p.db.Threads.DeleteByAssistant(t.Context(), alice.Threads(authhooks.Delete), assistant)
	is(t, err, nil)
	same(t, "deleted", 1, n)
	p.read(t, other.ID)
	p.read(t, foreign.ID)
	_, err = p.db.Threads.Get(t.Context(), alice.Threads(authhooks.Read), mine.ID)
	is(t, err, store.ErrNotFound)
}

func oddText(t *testing.T, p *place) {
	alice := Owner(t, "alice")
	made := p.thread(t, alice, map[string]any{"a\x00b": "nul\x00", "bad": "\xff\xfe", `back\u0000slash`: `\u0000`, "q'\"\\": "'\"\\?$1@x"})
	want := map[string]any{
		"owner": "alice", "a\ufffdb": "nul\ufffd", "bad": "\ufffd\ufffd", `back\u0000slash`: `\u0000`, "q'\"\\": "'\"\\?$1@x",
	}
	same(t, "stored", want, doc(t, p.read(t, made.ID).Metadata))
}
