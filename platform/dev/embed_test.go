package dev

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const embedders = `package embed

import (
	"context"

	"example.com/library/graphs"
)

var Graph = graphs.New[struct{}]("g")

type Value struct{}

func (Value) EmbedDocuments(ctx context.Context, texts []string) ([][]float32, error) { return nil, nil }
func (Value) EmbedQuery(ctx context.Context, text string) ([]float32, error)          { return nil, nil }

type pointed struct{}

func (*pointed) EmbedDocuments(context.Context, []string) ([][]float32, error) { return nil, nil }
func (*pointed) EmbedQuery(context.Context, string) ([]float32, error)         { return nil, nil }

type old struct{}

func (old) EmbedDocuments(context.Context, []string) ([][]float64, error) { return nil, nil }
func (old) EmbedQuery(context.Context, string) ([]float64, error)         { return nil, nil }

var (
	Embedder Value
	Pointer  = &pointed{}
	Struct   pointed
	Old      old
)

func New() (*pointed, error)             { return Pointer, nil }
func With(context.Context) (Value, error) { return Embedder, nil }
func Alone() Value                       { return Embedder }
`

func TestCheckEmbedder(t *testing.T) {
	t.Parallel()
	const want = "; want a value with EmbedDocuments and EmbedQuery, as langchaingo's embedders, or func() (one, error)"
	for name, mistake := range map[string]string{
		"Embedder": "", "Pointer": "", "New": "",
		"Struct": "embed.Struct is an embed.pointed" + want,
		"Old":    "embed.Old is an embed.old" + want,
		"With":   "embed.With is a func(context.Context) (embed.Value, error)" + want,
		"Alone":  "embed.Alone is a func() embed.Value" + want,
		"Value":  "embed.Value is a type; want a value: " + want[len("; want "):],
		"Nobody": `./embed has no exported name "Nobody"`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := create(t, map[string]string{
				"embed/embed.go": embedders,
				"platform.json":  "{\"graphs\": {\"g\": \"./embed:Graph\"},\n\"store\": {\"index\": {\"embed\": \"./embed:" + name + "\", \"dims\": 3}}}",
			})
			project, err := Open(filepath.Join(dir, "platform.json"))
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if err := (&Builder{Library: library}).Check(t.Context(), project); err != nil {
				got = strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "")
			}
			if mistake != "" {
				mistake = "platform.json:2:30: store.index.embed: " + mistake
			}
			if diff := cmp.Diff(mistake, got); diff != "" {
				t.Errorf("mistake (-want +got):\n%s", diff)
			}
		})
	}
}
