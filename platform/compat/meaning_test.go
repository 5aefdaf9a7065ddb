package compat

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestItemsByTheMeaningOfAModel: "store.index.embed" may name a model. The built server asks its provider, and does not start when that
// cannot be asked or answers vectors of another length.
func TestItemsByTheMeaningOfAModel(t *testing.T) {
	t.Parallel()
	provider := func(dims int) string {
		stub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var body struct {
				Model string
				Input []string
			}
			if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.URL.Path != "/v1/embeddings" || body.Model != "small" {
				http.Error(w, `{"error": {"message": "no"}}`, http.StatusBadRequest)
				return
			}
			data := make([]map[string]any, len(body.Input))
			for i, text := range body.Input {
				vector := []float64{float64(strings.Count(text, "a")), float64(strings.Count(text, "b")), 0}
				data[i] = map[string]any{"object": "embedding", "index": i, "embedding": vector[:dims]}
			}
			_ = json.NewEncoder(w).Encode(map[string]any{"object": "list", "model": body.Model, "data": data})
		}))
		t.Cleanup(stub.Close)
		return "OPENAI_BASE_URL=" + stub.URL + "/v1"
	}
	path := binary(t, "graphs/meaning/platform.json")
	s := &server{URL: start(t, path, provider(2)).URL, t: t}
	for key, text := range map[string]string{"a": "aaa", "ab": "ab", "b": "bb"} {
		s.must(204, "", "PUT", "/store/items", `{"namespace": ["n"], "key": "`+key+`", "value": {"text": "`+text+`"}}`)
	}
	var page struct {
		Items []struct {
			Key   string
			Score float64
		}
	}
	s.must(200, "", "POST", "/store/items/search", `{"query": "a"}`).into(t, &page)
	var got []string
	for _, i := range page.Items {
		got = append(got, fmt.Sprintf("%s %.2f", i.Key, i.Score))
	}
	if diff := cmp.Diff([]string{"a 1.00", "ab 0.71", "b 0.00"}, got); diff != "" {
		t.Errorf("found (-want +got):\n%s", diff)
	}
	for env, want := range map[string]string{
		provider(3):                "store.index: openai:small: store.index.dims is 2, but the embedder makes vectors of 3",
		"OPENAI_BASE_URL=":         "store.index: openai:small: no embedder: set OPENAI_API_KEY or OPENAI_BASE_URL",
		provider(2) + "/elsewhere": "store.index: openai:small: ",
	} {
		cmd := exec.Command(path, "serve")
		cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), env, "OPENAI_API_KEY=")
		if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), want) || strings.Contains(string(out), "serving") {
			t.Errorf("with %s: %v\n%s", env, err, out)
		}
	}
}
