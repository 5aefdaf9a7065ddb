package platform

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/locutory/locutory/platform/config"
)

type embedder struct{}

func (*embedder) EmbedDocuments(context.Context, []string) ([][]float32, error) { return nil, nil }
func (*embedder) EmbedQuery(context.Context, string) ([]float32, error)         { return nil, nil }

func TestLoadIndex(t *testing.T) {
	t.Parallel()
	cfg := &config.StoreIndex{Dims: 3, Fields: []string{"text"}}
	for name, embed := range map[string]any{
		"a value": &embedder{}, "a function": func() (*embedder, error) { return &embedder{}, nil },
	} {
		index, err := loadIndex(embed, cfg)
		if err != nil || index.Embedder == nil || index.Dims != 3 || index.Fields[0] != "text" {
			t.Errorf("%s: %+v, %v", name, index, err)
		}
	}
	for want, embed := range map[string]any{
		"no key":                 func() (*embedder, error) { return nil, errors.New("no key") },
		"panic: broken":          func() (*embedder, error) { panic("broken") },
		"<nil> has no":           nil,
		"platform.embedder has ": embedder{},
		"func() has no":          func() {},
	} {
		if index, err := loadIndex(embed, cfg); index != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v, %v; want an error with %q", index, err, want)
		}
	}
}
