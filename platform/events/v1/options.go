package v1

import (
	"slices"

	"github.com/locutory/locutory/platform/wire"
)

// Options are what a reader asked to see.
type Options struct {
	// Modes are the stream modes; none means values.
	Modes []wire.StreamMode
	// Subgraphs shows what happens in nested graphs too.
	Subgraphs bool
}

// Supported reports whether frames of mode m can be made.
func Supported(m wire.StreamMode) bool { return m.Valid() }

func (o Options) has(m wire.StreamMode) bool {
	if len(o.Modes) == 0 {
		return m == wire.StreamValues
	}
	return slices.Contains(o.Modes, m)
}

// RunInfo is what frames tell of the run itself.
type RunInfo struct {
	RunID, ThreadID, GraphID, AssistantID string
}

// A record makes at most one frame of each kind. The place of a kind is the same for every reader, since frame ids are made of it,
// and frames of one record are in the order of their places. There may be 16 at most.
const (
	placeMetadata = iota
	placeMessageMetadata
	placePartial
	placeMessages
	placeCustom
	placeEvents
	placeTools
	placeUpdates
	placeValues
	placeComplete
	placeTasks
	placeCheckpoints
	placeDebug
	placeFeedback
	placeError
)
