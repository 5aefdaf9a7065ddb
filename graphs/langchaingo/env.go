package langchaingo

import (
	"fmt"
	"os"
	"strings"

	"github.com/locutory/locutory/graphs"
	"github.com/tmc/langchaingo/llms/anthropic"
)

// ErrNoModel is returned by [ModelFromEnv] when no variable names a provider.
var ErrNoModel error = noModel{}

type noModel struct{}

func (noModel) Error() string {
	return "no model: set OPENAI_API_KEY, OPENAI_BASE_URL, ANTHROPIC_API_KEY or OLLAMA_HOST, or LOCUTORY_OFFLINE_MODEL=1 for a scripted one"
}

// Unconfigured tells a server that only its operator can mend this, so that it does not start without.
func (noModel) Unconfigured() bool { return true }

// The models that are asked when no variable names one.
const (
	defaultOpenAI    = "gpt-4.1-mini"
	defaultAnthropic = "claude-sonnet-4-5"
	defaultOllama    = "llama3.2"
)

// ModelFromEnv returns the model that the environment names, by the first of these that is set:
// OPENAI_API_KEY or OPENAI_BASE_URL (OPENAI_MODEL names the model), ANTHROPIC_API_KEY (ANTHROPIC_MODEL), OLLAMA_HOST
// (OLLAMA_MODEL). LOCUTORY_OFFLINE_MODEL=1 stands in for none of them with [Offline].
func ModelFromEnv() (graphs.ChatModel, error) { return modelFrom(os.Getenv) }

func modelFrom(env func(string) string) (graphs.ChatModel, error) {
	named := func(key, otherwise string) string {
		if model := env(key); model != "" {
			return model
		}
		return otherwise
	}
	switch {
	case env("OPENAI_API_KEY") != "" || env("OPENAI_BASE_URL") != "":
		return chat(OpenAIConfig{
			BaseURL: env("OPENAI_BASE_URL"), APIKey: env("OPENAI_API_KEY"), Model: named("OPENAI_MODEL", defaultOpenAI),
		})
	case env("ANTHROPIC_API_KEY") != "":
		name := named("ANTHROPIC_MODEL", defaultAnthropic)
		model, err := anthropic.New(anthropic.WithToken(env("ANTHROPIC_API_KEY")), anthropic.WithModel(name), anthropic.WithHTTPClient(&AnthropicClient{}))
		if err != nil {
			return nil, fmt.Errorf("anthropic: %w", err)
		}
		return Named(graphs.ModelInfo{Provider: "anthropic", Name: name}, model), nil
	case env("OLLAMA_HOST") != "":
		return chat(OpenAIConfig{
			BaseURL: ollamaURL(env("OLLAMA_HOST")), Model: named("OLLAMA_MODEL", defaultOllama), Provider: "ollama",
		})
	case env("LOCUTORY_OFFLINE_MODEL") == "1":
		return Offline(), nil
	}
	return nil, ErrNoModel
}

func chat(cfg OpenAIConfig) (graphs.ChatModel, error) {
	model, err := NewOpenAI(cfg)
	if err != nil {
		return nil, err
	}
	return model, nil
}

// ollamaURL reads OLLAMA_HOST as Ollama does: scheme and port may be missing, and 0.0.0.0 is where it listens, not a place to call.
func ollamaURL(host string) string {
	scheme, rest, found := strings.Cut(host, "://")
	if !found {
		scheme, rest = "http", host
	}
	rest = strings.TrimRight(rest, "/")
	rest = strings.Replace(rest, "0.0.0.0", "127.0.0.1", 1)
	if strings.HasPrefix(rest, ":") {
		rest = "127.0.0.1" + rest
	}
	if !found && !strings.Contains(rest, ":") {
		rest += ":11434"
	}
	return scheme + "://" + rest + "/v1"
}
