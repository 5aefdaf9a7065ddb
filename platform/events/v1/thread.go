package v1

import (
	"encoding/json"
	"fmt"

	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/wire"
)

// Places of the frames that only a thread's stream has, after those of a run's.
const (
	placeRunDone     = placeError + 1
	placeStateUpdate = placeMetadata // of a record that makes no other frame
)

// Lifecycle returns the frame that tells of a run's start or end in a thread's stream; false for all other records.
func Lifecycle(r events.Record, run RunInfo) (events.Frame, bool, error) {
	switch {
	case r.NS == "" && r.RunStart != nil:
		f := Fold{run: run, attempt: r.RunStart.Attempt}
		return events.Frame{ID: 16*r.Seq + placeMetadata, Event: "metadata", Data: f.metadata()}, true, nil
	case r.RunEnd != nil:
		data, err := json.Marshal(wire.RunDone{RunID: run.RunID, ThreadID: run.ThreadID, Status: wire.RunStatus(r.RunEnd.Status)})
		return events.Frame{ID: 16*r.Seq + placeRunDone, Event: "run_done", Data: data}, true, err
	}
	return events.Frame{}, false, nil
}

// StateUpdate returns the frame that tells of a write to the state by a caller. Values are the thread's, as they are shown.
func StateUpdate(r events.Record, threadID string, values json.RawMessage) (events.Frame, error) {
	if r.Update == nil {
		return events.Frame{}, fmt.Errorf("a %s event is no write to the state", r.Kind)
	}
	at := wire.CheckpointConfig{ThreadID: threadID, CheckpointNS: r.NS, CheckpointID: r.Update.Checkpoint}
	data, err := json.Marshal(wire.StateWritten{ThreadID: threadID, Checkpoint: at, Values: values})
	return events.Frame{ID: 16*r.Seq + placeStateUpdate, Event: "state_update", Data: events.AppendRaw(nil, data)}, err
}
