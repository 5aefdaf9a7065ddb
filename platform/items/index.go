package items

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// Embedder makes vectors of texts, such that near ones mean the same. It is the interface of langchaingo's embedders.
type Embedder interface {
	EmbedDocuments(ctx context.Context, texts []string) ([][]float32, error)
	EmbedQuery(ctx context.Context, text string) ([]float32, error)
}

// Index says how items are searched by meaning.
type Index struct {
	Embedder Embedder
	// Dims is how many numbers a vector has.
	Dims int
	// Fields are what is embedded of an item that does not say so itself: paths as "text", "meta.title", "pages[*].text" and
	// "tags[0]", or "$" for the whole value, which no fields mean, too.
	Fields []string
}

// maxTexts is how many texts of one item are embedded: each costs the operator.
const maxTexts = 256

// Check embeds one word, to tell at the start that the embedder works and has the dimensions that are configured.
func (x *Index) Check(ctx context.Context) error {
	_, err := x.near(ctx, "word")
	return err
}

// near embeds a query; nil without an index or a query.
func (x *Index) near(ctx context.Context, query string) (store.Vector, error) {
	if x == nil || query == "" {
		return nil, nil
	}
	v, err := x.Embedder.EmbedQuery(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("embed the query: %w", err)
	}
	return x.sized(v)
}

func (x *Index) sized(v []float32) (store.Vector, error) {
	if len(v) != x.Dims {
		return nil, fmt.Errorf("store.index.dims is %d, but the embedder makes vectors of %d", x.Dims, len(v))
	}
	return v, nil
}

// vectors embeds the texts of an item; none without an index, and for an item that does not want to be found so.
func (x *Index) vectors(ctx context.Context, p graphs.ItemPut, value json.RawMessage) ([]store.Vector, error) {
	if x == nil || p.NoIndex {
		return nil, nil
	}
	fields := p.Index
	if fields == nil {
		fields = x.Fields
		if len(fields) == 0 {
			fields = []string{"$"}
		}
	}
	texts, err := textsOf(value, fields)
	if err != nil || len(texts) == 0 {
		return nil, err
	}
	if len(texts) > maxTexts {
		return nil, &wire.BodyError{Detail: fmt.Sprintf("index: the item has more than %d texts", maxTexts)}
	}
	made, err := x.Embedder.EmbedDocuments(ctx, texts)
	if err != nil {
		return nil, fmt.Errorf("embed the item: %w", err)
	}
	if len(made) != len(texts) {
		return nil, fmt.Errorf("embed the item: %d vectors of %d texts", len(made), len(texts))
	}
	vectors := make([]store.Vector, len(made))
	for i, v := range made {
		if vectors[i], err = x.sized(v); err != nil {
			return nil, err
		}
	}
	return vectors, nil
}

// textsOf returns the texts at the paths, each once. What is not there has none.
func textsOf(value json.RawMessage, fields []string) ([]string, error) {
	var doc any
	d := json.NewDecoder(bytes.NewReader(value))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		return nil, fmt.Errorf("value of the item: %w", err)
	}
	var texts []string
	seen := map[string]bool{}
	for _, field := range fields {
		path, err := parsePath(field)
		if err != nil {
			return nil, err
		}
		for _, found := range walk(doc, path) {
			if text := textOf(found); text != "" && !seen[text] {
				seen[text] = true
				texts = append(texts, text)
			}
		}
	}
	return texts, nil
}

// step is a key of an object, or a place in a list: "[0]", or "[*]" for all.
type step string

// parsePath reads "a.b[*].c"; "$" is no step.
func parsePath(field string) ([]step, error) {
	if field == "$" {
		return nil, nil
	}
	var path []step
	for part := range strings.SplitSeq(strings.TrimPrefix(field, "$."), ".") {
		key, places, _ := strings.Cut(part, "[")
		if key != "" {
			path = append(path, step(key))
		}
		if places == "" && key != "" && part == key {
			continue
		}
		for place := range strings.SplitSeq(places, "[") {
			inner, closed := strings.CutSuffix(place, "]")
			if _, err := strconv.ParseUint(inner, 10, 31); !closed || err != nil && inner != "*" {
				return nil, &wire.BodyError{Detail: fmt.Sprintf(`index: %q is no path; want one as "a.b", "list[*].text" or "$"`, field)}
			}
			path = append(path, step("["+inner+"]"))
		}
	}
	return path, nil
}

func walk(v any, path []step) []any {
	if len(path) == 0 {
		return []any{v}
	}
	place, isPlace := strings.CutPrefix(string(path[0]), "[")
	if !isPlace {
		doc, _ := v.(map[string]any)
		inner, ok := doc[string(path[0])]
		if !ok {
			return nil
		}
		return walk(inner, path[1:])
	}
	list, _ := v.([]any)
	if n, err := strconv.Atoi(strings.TrimSuffix(place, "]")); err == nil {
		list = slices.Clip(list[min(n, len(list)):min(n+1, len(list))])
	}
	var found []any
	for _, item := range list {
		found = append(found, walk(item, path[1:])...)
	}
	return found
}

// textOf is what is embedded of a value: text as it is, the rest as JSON.
func textOf(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	}
	out, err := json.Marshal(v)
	if err != nil { // it was decoded from JSON
		return ""
	}
	return string(out)
}
