package wire_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/platform/wire"
)

func TestItemPut(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]wire.ItemPut{
		`{"namespace":["a"],"key":"k","value":{"n":1}}`:                                 {},
		`{"namespace":["a"],"key":"k","value":{"n":1},"index":null,"ttl":null,"x":1}`:   {},
		`{"namespace":["a"],"key":"k","value":{"n":1},"index":false,"ttl":1.5}`:         {Index: wire.ItemIndex{Off: true}, TTL: 1.5},
		`{"namespace":["a"],"key":"k","value":{"n":1},"index":["a","b[*].c"],"ttl":60}`: {Index: wire.ItemIndex{Fields: []string{"a", "b[*].c"}}, TTL: 60},
	} {
		var got wire.ItemPut
		if err := wire.Decode([]byte(body), &got); err != nil {
			t.Errorf("%s: %v", body, err)
		}
		want.Namespace, want.Key, want.Value = []string{"a"}, "k", wire.Object{"n": 1.0}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
		again, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		var back wire.ItemPut
		if err := wire.Decode(again, &back); err != nil || !cmp.Equal(got, back) {
			t.Errorf("%s became %s: %v", body, again, err)
		}
	}
	for body, want := range map[string]string{
		`{"key":"k","value":{}}`:                                      "namespace is required",
		`{"namespace":["a"],"value":{}}`:                              "key is required",
		`{"namespace":["a"],"key":"k"}`:                               "value is required",
		`{"namespace":["a"],"key":"k","value":null}`:                  "value is required",
		`{"namespace":["a"],"key":"k","value":[]}`:                    "value: want object, got array",
		`{"namespace":"a","key":"k","value":{}}`:                      "namespace: want array, got string",
		`{"namespace":["a"],"key":"k","value":{},"index":true}`:       "index: want false",
		`{"namespace":["a"],"key":"k","value":{},"index":[1]}`:        "index: want false",
		`{"namespace":["a"],"key":"k","value":{},"ttl":0}`:            "ttl: want a number of minutes above 0",
		`{"namespace":["a"],"key":"k","value":{},"ttl":1e12}`:         "ttl: want a number of minutes above 0",
		`{"namespace":["a"],"key":"k","value":{},"ttl":{"ttl":1}}`:    "ttl: want a number of minutes above 0",
		`{"namespace":["a"],"key":"k","value":{"deep":1e999},"x":{}}`: "out of range",
	} {
		var got wire.ItemPut
		if err := wire.Decode([]byte(body), &got); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", body, err, want)
		}
	}
	if got := wire.Minutes(0.5).Duration(); got != 30*time.Second {
		t.Errorf("half a minute is %v", got)
	}
}

func TestItemAnswers(t *testing.T) {
	t.Parallel()
	at := wire.Time{Time: time.Date(2030, 1, 2, 3, 4, 5, 6000, time.UTC)}
	item := wire.Item{Namespace: []string{"a", "b"}, Key: "k", Value: json.RawMessage(`{"n":1}`), CreatedAt: at, UpdatedAt: at}
	score := 0.5
	for want, v := range map[string]any{
		`{"namespace":["a","b"],"key":"k","value":{"n":1},"created_at":"2030-01-02T03:04:05.000006+00:00","updated_at":"2030-01-02T03:04:05.000006+00:00"}`: item,
		`{"items":[{"namespace":["a","b"],"key":"k","value":{"n":1},"created_at":"2030-01-02T03:04:05.000006+00:00","updated_at":"2030-01-02T03:04:05.000006+00:00","score":0.5}]}`: wire.ItemPage{Items: []wire.FoundItem{
			{Item: item, Score: &score},
		}},
		`{"namespaces":[["a"]]}`: wire.NamespacePage{Namespaces: [][]string{{"a"}}},
	} {
		got, err := json.Marshal(v)
		if err != nil || string(got) != want {
			t.Errorf("%s, %v\nwant %s", got, err, want)
		}
	}
}
