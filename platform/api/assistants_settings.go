package api

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/wire"
)

// settleKinds drops what clients may not say from an assistant's settings, and refuses those of the old and of the new kind at
// once.
func settleKinds(config *wire.Config, context *wire.Object) error {
	if config.Configurable != nil {
		config.Configurable = access.Unreserved(config.Configurable)
	}
	if *context != nil {
		*context = access.Unreserved(*context)
	}
	if len(runs.Settings(config.Configurable)) > 0 && len(*context) > 0 {
		return refuse(http.StatusBadRequest, runs.DetailBothKinds)
	}
	return nil
}

// given is what an assistant is given to keep, as JSON.
type given struct {
	config, configurable, context json.RawMessage
	shown                         wire.Object // context
}

// settings encodes what a hook left of a config and a context, each the other's mirror. No more than a client may a hook say who the
// user of a run is.
func settings(config, context map[string]any) (given, error) {
	whole := wire.Object{}
	for key, value := range config {
		whole[key] = value
	}
	configurable, ok := whole["configurable"].(map[string]any)
	if !ok && whole["configurable"] != nil {
		return given{}, fmt.Errorf("config.configurable, as the hook left it: %T is no object", whole["configurable"])
	}
	settings, shown := runs.Mirror(access.Unreserved(configurable), access.Unreserved(context))
	if len(settings) > 0 || configurable != nil {
		whole["configurable"] = settings
	}
	var out given
	var err error
	for _, part := range []struct {
		to *json.RawMessage
		of wire.Object
	}{{&out.config, whole}, {&out.configurable, settings}, {&out.context, shown}} {
		if *part.to, err = json.Marshal(part.of); err != nil {
			return given{}, fmt.Errorf("settings: %w", err)
		}
	}
	out.shown = shown
	return out, nil
}

// object turns a config into the map that hooks see and rows keep.
func object(config wire.Config) (map[string]any, error) {
	data, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	var out wire.Object
	err = json.Unmarshal(data, &out)
	return out, err
}
