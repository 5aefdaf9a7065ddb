package storetest

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/store"
)

// RunPgvector runs what of the suite is about nearness on a Postgres that has the extension vector.
func RunPgvector(t *testing.T, backend Backend) {
	for name, part := range map[string]func(*testing.T, *place){
		"nearness": nearSuite,
		"scopes":   itemIsolationSuite,
		"alike":    alikeSuite,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := backend(t)
			p := &place{config: config, db: Open(t, config)}
			p.exec(t, "CREATE EXTENSION vector")
			p.db = Open(t, config) // which looks what there is
			part(t, p)
		})
	}
}

// alikeSuite finds with the extension what is found without, at the same scores.
func alikeSuite(t *testing.T, p *place) {
	alice := Under(t, "alice", Says(only("alice"), owned("alice")))
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	vector := func(dims int) store.Vector {
		v := make(store.Vector, dims)
		for i := range v {
			v[i] = float32(random.NormFloat64() * math.Pow(10, float64(random.IntN(12)-6)))
		}
		return v
	}
	for i := range 200 {
		n := itemNew("a", strconv.Itoa(i), `{}`)
		for range 1 + random.IntN(3) {
			n.Vectors = append(n.Vectors, vector(3+random.IntN(2)))
		}
		is(t, p.db.Items.Put(t.Context(), alice.Items(authhooks.Put), n), nil)
	}
	p.exec(t, "DROP EXTENSION vector")
	without := Open(t, p.config)
	if _, err := p.db.Items.Search(t.Context(), alice.Items(authhooks.Search), store.ItemQuery{Near: vector(3)}); err == nil {
		t.Error("the extension is there and not used")
	}
	p.exec(t, "CREATE EXTENSION vector")
	for _, dims := range []int{3, 4} {
		q := store.ItemQuery{Near: vector(dims), Limit: 200}
		there, err := p.db.Items.Search(t.Context(), alice.Items(authhooks.Search), q)
		is(t, err, nil)
		here, err := without.Items.Search(t.Context(), alice.Items(authhooks.Search), q)
		is(t, err, nil)
		if len(here) == 0 || len(here) != len(there) {
			t.Fatalf("%d found with the extension, %d without", len(there), len(here))
		}
		scores := map[string]float64{}
		for _, item := range here {
			scores[item.Key] = *item.Score
		}
		for i, item := range there {
			if s, found := scores[item.Key]; !found || math.Abs(s-*item.Score) > 1e-6 {
				t.Errorf("%s scores %v with the extension, %v (%v) without", item.Key, *item.Score, s, found)
			}
			if i > 0 && *item.Score > *there[i-1].Score {
				t.Errorf("%s is nearer than what comes before it", item.Key)
			}
		}
	}
}
