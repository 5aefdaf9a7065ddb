package platform

import (
	"context"
	"fmt"
	"reflect"

	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/platform/items"
)

// longTerm makes the long-term store, and tries its embedder when platform.json names one.
func (s *Server) longTerm(ctx context.Context, guard *access.Guard) (*items.Items, error) {
	cfg := s.cfg.File.Store
	all := items.New(items.Config{Rows: s.db.Items, Guard: guard, TTL: cfg.TTL.Default, KeepTTL: !cfg.TTL.RefreshOnRead})
	if cfg.Index == nil {
		return all, nil
	}
	index, err := loadIndex(s.cfg.Parts.Embed, cfg.Index)
	if err == nil {
		err = index.Check(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("store.index: %s: %w", cfg.Index.Embedder(), err)
	}
	all.Index = index
	return all, nil
}

// loadIndex calls embed when it is a function. The environment file has been loaded by then.
func loadIndex(embed any, cfg *config.StoreIndex) (index *items.Index, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	made := embed
	if f := reflect.ValueOf(embed); f.Kind() == reflect.Func && f.Type().NumIn() == 0 && f.Type().NumOut() == 2 {
		out := f.Call(nil)
		if err, failed := out[1].Interface().(error); failed {
			return nil, err
		}
		made = out[0].Interface()
	}
	embedder, ok := made.(items.Embedder)
	if !ok {
		return nil, fmt.Errorf("%T has no EmbedDocuments and EmbedQuery; want an embedder or func() (one, error)", embed)
	}
	return &items.Index{Embedder: embedder, Dims: cfg.Dims, Fields: cfg.Fields}, nil
}
