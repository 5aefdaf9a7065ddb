package config

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestStore(t *testing.T) {
	t.Parallel()
	got, err := Parse("platform.json", []byte(`{"graphs": {"agent": "./agent:Graph"},
"store": {
  "ttl": {"default_ttl": 1.5, "refresh_on_read": false, "sweep_interval_minutes": 1},
  "index": {"embed": "./embed:Embedder", "dims": 3, "fields": ["text", "pages[*].text"]}
}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Store{
		TTL: StoreTTL{Default: 90 * time.Second, SweepInterval: time.Minute},
		Index: &StoreIndex{
			Embed: Symbol{"./embed", "Embedder"}, Dims: 3, Fields: []string{"text", "pages[*].text"}, Pos: Pos{"platform.json", 4, 22},
		},
	}
	if diff := cmp.Diff(want, got.Store); diff != "" {
		t.Errorf("store (-want +got):\n%s", diff)
	}
}
