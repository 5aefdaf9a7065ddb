package runs

import (
	"maps"

	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/wire"
)

// Settings are the keys of a configurable that are settings of the graph: not those that say where the run is, nor the server's own. The
// result is a copy, never nil.
func Settings(configurable wire.Object) wire.Object {
	out := sanitized(configurable)
	for _, key := range []string{"thread_id", "checkpoint_id", "checkpoint_ns", "checkpoint_map", "run_id", "graph_id", "assistant_id"} {
		delete(out, key)
	}
	return out
}

// Mirror gives the settings of an assistant or a run of the one kind to graphs that read the other (rest.md §3.2): whichever of
// configurable and context is given goes into the other as well, but for keys that say where a run is. If both are, both stay. An
// assistant's and a run's are mirrored alike, so that the run's win over the assistant's whichever kind either is of.
func Mirror(configurable, context wire.Object) (wire.Object, wire.Object) {
	settings := Settings(configurable)
	switch {
	case len(settings) > 0 && len(context) == 0:
		return configurable, settings
	case len(context) > 0 && len(settings) == 0:
		mirrored := wire.Object{}
		maps.Copy(mirrored, configurable)
		maps.Copy(mirrored, Settings(context))
		return mirrored, context
	}
	return configurable, context
}

// sanitized returns a copy without reserved keys, never nil.
func sanitized(object wire.Object) wire.Object { return access.Unreserved(object) }
