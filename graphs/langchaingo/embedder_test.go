package langchaingo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEmbedder: the provider is asked in its own form, where the environment says, and its vectors come back in order.
func TestEmbedder(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ provider, key, path, authorization string }{
		"openai":             {"openai", "secret", "/v1/embeddings", "Bearer secret"},
		"openai without key": {"openai", "", "/v1/embeddings", ""},
		"ollama":             {"ollama", "", "/v1/embeddings", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			stub := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				var body struct {
					Model string
					Input []string
				}
				if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Method != http.MethodPost {
					t.Errorf("%s: %v", r.Method, err)
				}
				asked = append(asked, r.URL.Path+" "+r.Header.Get("Authorization")+" "+body.Model+" "+strings.Join(body.Input, "|"))
				var data []string
				for i, text := range body.Input {
					data = append(data, fmt.Sprintf(`{"object": "embedding", "index": %d, "embedding": [%d, 0.5]}`, i, len(text)))
				}
				_, _ = fmt.Fprintf(w, `{"object": "list", "data": [%s], "model": %q, "usage": {"prompt_tokens": 1, "total_tokens": 1}}`, strings.Join(data, ","), body.Model)
			}))
			t.Cleanup(stub.Close)
			env := map[string]string{"OPENAI_BASE_URL": stub.URL + "/v1/", "OPENAI_API_KEY": tt.key, "OLLAMA_HOST": stub.URL}
			made, err := embedderFrom(func(key string) string { return env[key] }, tt.provider, "small")
			if err != nil {
				t.Fatal(err)
			}
			vectors, err := made.EmbedDocuments(t.Context(), []string{"a\nb", "four"})
			if err != nil {
				t.Fatal(err)
			}
			query, err := made.EmbedQuery(t.Context(), "q")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([][]float32{{3, 0.5}, {4, 0.5}, {1, 0.5}}, append(vectors, query)); diff != "" {
				t.Errorf("vectors (-want +got):\n%s", diff)
			}
			where := tt.path + " " + tt.authorization + " small "
			if diff := cmp.Diff([]string{where + "a\nb|four", where + "q"}, asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEmbedderUnconfigured(t *testing.T) {
	t.Parallel()
	nothing := func(string) string { return "" }
	for provider, want := range map[string]string{
		"openai": "no embedder: set OPENAI_API_KEY or OPENAI_BASE_URL", "cohere": "cohere:small: no such provider; want openai or ollama", "ollama": "",
	} {
		_, err := embedderFrom(nothing, provider, "small")
		if got := fmt.Sprint(err); want != "" && got != want || want == "" && err != nil {
			t.Errorf("%s: %s, want %s", provider, got, want)
		}
	}
}
