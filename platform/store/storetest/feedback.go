package storetest

import (
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
)

func feedbackSuite(t *testing.T, p *place) {
	for name, test := range map[string]func(*testing.T, *place){
		"offer and give":            giveFeedback,
		"what is not there":         giveNothing,
		"scopes":                    feedbackScopes,
		"goes with its run":         feedbackGoes,
		"open offers":               feedbackOffers,
		"expires":                   feedbackExpires,
		"thread whose time is over": feedbackOfExpired,
	} {
		t.Run(name, func(t *testing.T) { test(t, p) }) // one by one: a run that one of them claims is not pending any more for the others
	}
}

func hashOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// offered makes an offer for a run, whose secret is returned.
func (b *bench) offered(t *testing.T, run store.Run, key string) []byte {
	t.Helper()
	hash := hashOf(uuid.NewString())
	is(t, b.db.Feedback.Offer(t.Context(), b.who.Threads(authhooks.Read), run.ThreadID, run.ID, []store.FeedbackOffer{{Key: key, Hash: hash}}), nil)
	return hash
}

// said is what there is of a run: keys and data, newest first.
func (b *bench) said(t *testing.T, run store.Run) []string {
	t.Helper()
	page, total, err := b.db.Feedback.OfRun(t.Context(), b.who.Threads(authhooks.Read), run.ThreadID, run.ID, 100, 0)
	is(t, err, nil)
	same(t, "total", len(page), total)
	out := []string{}
	for _, e := range page {
		out = append(out, e.Key+" "+string(e.Data))
		if e.ID == "" || e.RunID != run.ID || e.GivenAt.IsZero() || e.UpdatedAt.Before(e.GivenAt) {
			t.Errorf("entry %+v", e)
		}
	}
	return out
}

func giveFeedback(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	run := b.run(t, p.thread(t, b.who, nil).ID)
	other := b.run(t, p.thread(t, b.who, nil).ID)
	liked, disliked := b.offered(t, run, "liked"), b.offered(t, run, "disliked")
	same(t, "only offered", []string{}, b.said(t, run))
	give := func(hash []byte, data string) {
		t.Helper()
		is(t, p.db.Feedback.Give(t.Context(), access.System("test"), hash, store.JSON(data)), nil)
	}
	give(liked, `{"score":1}`)
	give(disliked, `{"score":0}`)
	give(liked, `{"score":0.5}`) // the last word counts
	same(t, "given", []string{`liked {"score":0.5}`, `disliked {"score":0}`}, b.said(t, run))
	same(t, "of another run", []string{}, b.said(t, other))
	page, total, err := p.db.Feedback.OfRun(t.Context(), b.who.Threads(authhooks.Read), run.ThreadID, run.ID, 1, 1)
	is(t, err, nil)
	same(t, "page", []any{1, 2, "disliked"}, []any{len(page), total, page[0].Key})
	give(b.offered(t, run, "liked"), `{}`) // somebody else's link
	same(t, "two of a key", 3, len(b.said(t, run)))
}

func giveNothing(t *testing.T, p *place) {
	err := p.db.Feedback.Give(t.Context(), access.System("test"), hashOf("guessed"), store.JSON(`{}`))
	is(t, err, store.ErrNotFound)
	err = p.db.Feedback.Give(t.Context(), access.System("test"), nil, store.JSON(`{}`))
	is(t, err, store.ErrNotFound)
	err = p.db.Feedback.Give(t.Context(), access.SystemAccess{}, hashOf("guessed"), store.JSON(`{}`))
	is(t, err, access.ErrNoScope)
	_, err = p.db.Feedback.SweepFeedback(t.Context(), access.SystemAccess{}, 1)
	is(t, err, access.ErrNoScope)
}

func feedbackScopes(t *testing.T, p *place) {
	alice, bob := p.bench(t, Owner(t, "alice")), p.bench(t, Owner(t, "bob"))
	run, his := alice.run(t, p.thread(t, alice.who, nil).ID), bob.run(t, p.thread(t, bob.who, nil).ID)
	is(t, p.db.Feedback.Give(t.Context(), access.System("test"), alice.offered(t, run, "liked"), store.JSON(`{}`)), nil)
	offers := []store.FeedbackOffer{{Key: "x", Hash: hashOf("bobs")}}
	for name, tt := range map[string]struct {
		scope       access.ThreadScope
		thread, run string
		want        error
	}{
		"foreign":                    {bob.who.Threads(authhooks.Read), run.ThreadID, run.ID, store.ErrNotFound},
		"under his own thread":       {bob.who.Threads(authhooks.Read), his.ThreadID, run.ID, store.ErrNotFound},
		"his under the foreign":      {bob.who.Threads(authhooks.Read), run.ThreadID, his.ID, store.ErrNotFound},
		"missing":                    {bob.who.Threads(authhooks.Read), his.ThreadID, uuid.NewString(), store.ErrNotFound},
		"no id":                      {bob.who.Threads(authhooks.Read), his.ThreadID, "x", store.ErrNotFound},
		"no scope":                   {access.ThreadScope{}, run.ThreadID, run.ID, access.ErrNoScope},
		"a scope for something else": {alice.who.Threads(authhooks.Update), run.ThreadID, run.ID, access.ErrWrongScope},
	} {
		_, _, err := p.db.Feedback.OfRun(t.Context(), tt.scope, tt.thread, tt.run, 10, 0)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: read: error %v, want %v", name, err, tt.want)
		}
		err = p.db.Feedback.Offer(t.Context(), tt.scope, tt.thread, tt.run, offers)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: offer: error %v, want %v", name, err, tt.want)
		}
	}
	is(t, p.db.Feedback.Give(t.Context(), access.System("test"), hashOf("bobs"), store.JSON(`{}`)), store.ErrNotFound)
	same(t, "hers", 1, len(alice.said(t, run)))
}

func feedbackGoes(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := p.thread(t, b.who, nil)
	run, kept := b.run(t, thread.ID), b.run(t, p.thread(t, b.who, nil).ID)
	hash, open := b.offered(t, run, "liked"), b.offered(t, run, "open")
	is(t, p.db.Feedback.Give(t.Context(), access.System("test"), hash, store.JSON(`{}`)), nil)
	_, err := p.db.Runs.Cancel(t.Context(), b.who.Threads(authhooks.Update), thread.ID, []string{run.ID}, store.CancelRollback, "")
	is(t, err, nil)
	for _, secret := range [][]byte{hash, open} {
		is(t, p.db.Feedback.Give(t.Context(), access.System("test"), secret, store.JSON(`{}`)), store.ErrNotFound)
	}
	same(t, "rows of the run", 0, p.number(t, `SELECT count(*) FROM feedback WHERE run_id = '`+run.ID+`'`))
	hash = b.offered(t, kept, "liked")
	is(t, p.db.Threads.Delete(t.Context(), b.who.Threads(authhooks.Delete), kept.ThreadID), nil)
	is(t, p.db.Feedback.Give(t.Context(), access.System("test"), hash, store.JSON(`{}`)), store.ErrNotFound)
	same(t, "rows of the thread", 0, p.number(t, `SELECT count(*) FROM feedback WHERE run_id = '`+kept.ID+`'`))
	stateless, err := b.create(t, store.RunNew{Implicit: b.implicit(nil), Temporary: true})
	is(t, err, nil)
	err = p.db.Feedback.Offer(t.Context(), b.who.Threads(authhooks.Read), stateless.ThreadID, stateless.ID, []store.FeedbackOffer{{Key: "k", Hash: hashOf(uuid.NewString())}})
	is(t, err, store.ErrNotFound)
}

// feedbackOffers: offers do not pile up, and none that was taken up gives way.
func feedbackOffers(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	run := b.run(t, p.thread(t, b.who, nil).ID)
	first := b.offered(t, run, "first")
	is(t, p.db.Feedback.Give(t.Context(), access.System("test"), first, store.JSON(`{"score":1}`)), nil)
	second := b.offered(t, run, "second")
	var many []store.FeedbackOffer
	for range 512 {
		many = append(many, store.FeedbackOffer{Key: "k", Hash: hashOf(uuid.NewString())})
	}
	is(t, p.db.Feedback.Offer(t.Context(), b.who.Threads(authhooks.Read), run.ThreadID, run.ID, many), nil)
	same(t, "rows", 513, p.number(t, `SELECT count(*) FROM feedback WHERE run_id = '`+run.ID+`'`))
	is(t, p.db.Feedback.Give(t.Context(), access.System("test"), second, store.JSON(`{}`)), store.ErrNotFound)
	is(t, p.db.Feedback.Give(t.Context(), access.System("test"), many[0].Hash, store.JSON(`{}`)), nil)
	is(t, p.db.Feedback.Give(t.Context(), access.System("test"), first, store.JSON(`{"score":2}`)), nil)
	same(t, "said", []string{`first {"score":2}`, `k {}`}, b.said(t, run))
}

func feedbackExpires(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	run := b.run(t, p.thread(t, b.who, nil).ID)
	given, open, young := b.offered(t, run, "given"), b.offered(t, run, "open"), b.offered(t, run, "young")
	is(t, p.db.Feedback.Give(t.Context(), access.System("test"), given, store.JSON(`{}`)), nil)
	week := `expires_at - 7 * 24 * 3600 * 1000000`
	if p.db.Dialect() == store.Postgres {
		week = `expires_at - interval '7 days'`
	}
	p.exec(t, `UPDATE feedback SET expires_at = `+week+` WHERE run_id = '`+run.ID+`' AND key IN ('given', 'open')`)
	for _, hash := range [][]byte{given, open} {
		is(t, p.db.Feedback.Give(t.Context(), access.System("test"), hash, store.JSON(`{"late":1}`)), store.ErrNotFound)
	}
	_, err := p.db.Feedback.SweepFeedback(t.Context(), access.System("test"), 1000)
	is(t, err, nil)
	same(t, "rows", 2, p.number(t, `SELECT count(*) FROM feedback WHERE run_id = '`+run.ID+`'`))
	is(t, p.db.Feedback.Give(t.Context(), access.System("test"), young, store.JSON(`{}`)), nil)
	same(t, "said", []string{`young {}`, `given {}`}, b.said(t, run))
}

// feedbackOfExpired: a thread whose time is over and which nobody has swept yet is not there for links either.
func feedbackOfExpired(t *testing.T, p *place) {
	b := p.bench(t, Owner(t, "alice"))
	thread := b.lives(t, &store.TTL{Minutes: 1000, Strategy: "delete"})
	run := b.run(t, thread.ID)
	b.finish(t, b.claimOf(t, run), store.Finish{Status: store.RunSuccess})
	hash := b.offered(t, run, "liked")
	p.expire(t, thread.ID)
	is(t, p.db.Feedback.Give(t.Context(), access.System("test"), hash, store.JSON(`{}`)), store.ErrNotFound)
}
