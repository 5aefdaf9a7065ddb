package langchaingo

import (
	"errors"
	"strings"
	"testing"

	"github.com/locutory/locutory/graphs"
)

func TestModelFromEnv(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		env  map[string]string
		want graphs.ModelInfo
		url  string
	}{
		{"openai", map[string]string{"OPENAI_API_KEY": "k"}, graphs.ModelInfo{Provider: "openai", Name: defaultOpenAI, Outputs: true}, DefaultOpenAIBaseURL},
		{"base url alone", map[string]string{"OPENAI_BASE_URL": "http://x/v1/", "OPENAI_MODEL": "m"}, graphs.ModelInfo{Provider: "openai", Name: "m"}, "http://x/v1"},
		{"anthropic", map[string]string{"ANTHROPIC_API_KEY": "k", "ANTHROPIC_MODEL": "m"}, graphs.ModelInfo{Provider: "anthropic", Name: "m"}, ""},
		{"ollama", map[string]string{"OLLAMA_HOST": "0.0.0.0"}, graphs.ModelInfo{Provider: "ollama", Name: defaultOllama, Outputs: true}, "http://127.0.0.1:11434/v1"},
		{"offline", map[string]string{"LOCUTORY_OFFLINE_MODEL": "1"}, graphs.ModelInfo{Provider: "offline", Name: "offline-script"}, ""},
		{"a provider beats offline", map[string]string{"LOCUTORY_OFFLINE_MODEL": "1", "OPENAI_API_KEY": "k"}, graphs.ModelInfo{Provider: "openai", Name: defaultOpenAI, Outputs: true}, DefaultOpenAIBaseURL},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			model, err := modelFrom(func(key string) string { return tc.env[key] })
			if err != nil {
				t.Fatal(err)
			}
			if got := model.Info(); got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
			if own, ok := model.(*OpenAI); ok != (tc.url != "") || ok && own.cfg.BaseURL != tc.url {
				t.Errorf("asks %+v, want %q", own, tc.url)
			}
		})
	}
	for _, env := range []map[string]string{nil, {"LOCUTORY_OFFLINE_MODEL": "0"}} {
		_, err := modelFrom(func(key string) string { return env[key] })
		if !errors.Is(err, ErrNoModel) {
			t.Fatalf("got %v", err)
		}
		for _, name := range []string{"OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "OLLAMA_HOST", "LOCUTORY_OFFLINE_MODEL"} {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("%v does not name %s", err, name)
			}
		}
	}
}

func TestOllamaURL(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"127.0.0.1:11434": "http://127.0.0.1:11434/v1", "https://o.example": "https://o.example/v1", "http://box:80/": "http://box:80/v1",
		":9": "http://127.0.0.1:9/v1", "box": "http://box:11434/v1",
	} {
		if got := ollamaURL(host); got != want {
			t.Errorf("%s: got %s, want %s", host, got, want)
		}
	}
}
