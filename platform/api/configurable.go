package api

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/wire"
)

// configurable returns the settings that a request gives to the runs it makes beside those of its body: headers that the operator lets
// through, in lower case, and what the app's Configurable returns, which wins.
func (s *Server) configurable(ctx context.Context, r *http.Request) (wire.Object, error) {
	out := wire.Object{}
	if !s.ConfigurableHeaders.None() {
		for name, values := range r.Header {
			if s.ConfigurableHeaders.Takes(name) {
				out[strings.ToLower(name)] = strings.ToValidUTF8(strings.Join(values, ", "), "\uFFFD")
			}
		}
	}
	if s.custom == nil || s.custom.Configurable == nil {
		return runs.Settings(out), nil
	}
	ctx = context.WithValue(ctx, insideKey{}, nil)
	given, err := jsonObject(s.custom.Configurable(r.WithContext(ctx)))
	if err != nil {
		return nil, fmt.Errorf("http.app: Configurable: %w", err)
	}
	maps.Copy(out, given)
	return runs.Settings(out), nil
}

// jsonObject is what a map becomes on its way through JSON.
func jsonObject(given map[string]any) (out wire.Object, err error) {
	if len(given) == 0 {
		return nil, nil
	}
	data, err := json.Marshal(given)
	if err != nil {
		return nil, err
	}
	return out, wire.Decode(data, &out)
}
