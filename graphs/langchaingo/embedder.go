package langchaingo

import (
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/tmc/langchaingo/embeddings"
	"github.com/tmc/langchaingo/llms/openai"
)

// noEmbedder is the error of an embedder whose provider no variable tells how to reach.
type noEmbedder struct{}

func (noEmbedder) Error() string { return "no embedder: set OPENAI_API_KEY or OPENAI_BASE_URL" }

// Unconfigured tells a server that only its operator can mend this, as ErrNoModel does.
func (noEmbedder) Unconfigured() bool { return true }

// EmbedderFromEnv returns how to make the embedder of a provider's model. It is what platform.json's store.index.embed stands for when
// it names a model, as in "openai:text-embedding-3-small". The environment, which is read when the embedder is made, says where the
// provider is, as for [ModelFromEnv]: OPENAI_API_KEY and OPENAI_BASE_URL for openai, OLLAMA_HOST for ollama, which is otherwise
// expected on this machine.
func EmbedderFromEnv(provider, model string) func() (embeddings.Embedder, error) {
	return func() (embeddings.Embedder, error) { return embedderFrom(os.Getenv, provider, model) }
}

func embedderFrom(env func(string) string, provider, model string) (embeddings.Embedder, error) {
	var url, key string
	switch provider {
	case "openai":
		if url, key = env("OPENAI_BASE_URL"), env("OPENAI_API_KEY"); url == "" && key == "" {
			return nil, noEmbedder{}
		}
		if url == "" {
			url = DefaultOpenAIBaseURL
		}
	case "ollama":
		host := env("OLLAMA_HOST")
		if host == "" {
			host = "127.0.0.1"
		}
		url = ollamaURL(host)
	default:
		return nil, fmt.Errorf("%s:%s: no such provider; want openai or ollama", provider, model)
	}
	client, err := openai.New(openai.WithEmbeddingModel(model), openai.WithBaseURL(strings.TrimRight(url, "/")),
		openai.WithToken(keyOr(key)), openai.WithOrganization(""), openai.WithHTTPClient(keyed{key != ""}))
	if err != nil {
		return nil, fmt.Errorf("%s:%s: %w", provider, model, err)
	}
	made, err := embeddings.NewEmbedder(client, embeddings.WithStripNewLines(false))
	if err != nil {
		return nil, fmt.Errorf("%s:%s: %w", provider, model, err)
	}
	return made, nil
}

// keyOr is a stand-in for the key that langchaingo insists on; keyed takes it off.
func keyOr(key string) string {
	if key == "" {
		return "none"
	}
	return key
}

// keyed sends requests, without credentials if there are none.
type keyed struct{ has bool }

// Do is what langchaingo's clients ask of an HTTP client.
func (k keyed) Do(r *http.Request) (*http.Response, error) {
	if !k.has {
		r.Header.Del("Authorization")
	}
	return http.DefaultClient.Do(r)
}
