package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gorm.io/gorm"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
)

// Writer returns the checkpoints of a thread for a caller who writes its state without a run (POST state), with a scope for update. Each
// Put is one transaction: it takes the thread row, sees that no run is unfinished (else ErrBusy), stores the checkpoint, refreshes the
// thread's values, and tells the thread's log by one event of kind update. The thread's status stays (rest.md §4.7).
//
// output names the channels that the thread's values show; without any, all that are state.
func (c *Checkpoints) Writer(s access.ThreadScope, threadID string, output ...string) graphs.Saver {
	return &writer{reader: c.scoped(s, threadID, authhooks.Update), scope: s, output: output}
}

type writer struct {
	*reader
	scope  access.ThreadScope
	output []string
}

// Put implements graphs.Saver.
func (w *writer) Put(ctx context.Context, c graphs.Commit) error {
	return w.write(ctx, func(tx *gorm.DB) error {
		if err := w.store(tx, c); err != nil {
			return err
		}
		return w.publish(tx, c)
	})
}

// store inserts a checkpoint of a thread that is the transaction's, and tells the log.
func (w *writer) store(tx *gorm.DB, c graphs.Commit) error {
	if parent := c.Checkpoint.ParentID; parent != "" {
		there, err := w.db.hasCheckpoint(tx, w.thread, c.Checkpoint.NS, parent)
		if err != nil {
			return err
		}
		if !there { // its values may be gone with it
			return fmt.Errorf("parent %s: %w", parent, graphs.ErrNoCheckpoint)
		}
	}
	if err := w.db.insertCheckpoint(tx, w.thread, "", c); err != nil {
		return err
	}
	return w.tell(tx, c)
}

// PutWrites implements graphs.Saver.
func (w *writer) PutWrites(ctx context.Context, ns, checkpointID, taskID string, writes []graphs.Write) error {
	return w.write(ctx, func(tx *gorm.DB) error {
		there, err := w.db.hasCheckpoint(tx, w.thread, ns, checkpointID)
		if err != nil {
			return err
		}
		if !there {
			return fmt.Errorf("writes of %s: %w", checkpointID, graphs.ErrNoCheckpoint)
		}
		return w.db.putWrites(tx, w.thread, "", TaskWrites{NS: ns, CheckpointID: checkpointID, TaskID: taskID, Writes: writes})
	})
}

// write runs fn while the thread is the caller's alone.
func (w *writer) write(ctx context.Context, fn func(tx *gorm.DB) error) error {
	if errors.Is(w.err, graphs.ErrNoCheckpoint) {
		return ErrNotFound
	}
	if w.err != nil {
		return w.err
	}
	err := w.db.write(ctx, func(tx *gorm.DB) error {
		if _, err := w.db.lockThread(tx, w.scope, w.thread); err != nil {
			return err
		}
		busy, err := w.db.unfinished(tx, w.thread)
		if err != nil {
			return err
		}
		if busy {
			return ErrBusy
		}
		return fn(tx)
	})
	if err != nil {
		return fmt.Errorf("write state: %w", err)
	}
	return nil
}

// publish makes a root checkpoint's values the thread's.
func (w *writer) publish(tx *gorm.DB, c graphs.Commit) error {
	now := w.db.at(w.db.clock())
	if _, err := change(tx, `UPDATE threads SET updated_at = ?, state_updated_at = ?, `+w.db.rearm()+` WHERE id = ?`,
		now, now, now, w.thread); err != nil {
		return err
	}
	if c.Checkpoint.NS != "" {
		return nil
	}
	newest, err := w.db.loadNewest(tx, w.thread)
	if err != nil || newest == nil {
		return err
	}
	shown := make(map[string]json.RawMessage, len(newest.Values))
	for channel, value := range newest.Values {
		if w.shows(channel) {
			shown[channel] = value
		}
	}
	data, err := json.Marshal(shown)
	if err != nil {
		return err
	}
	return w.db.setValues(tx, w.thread, data)
}

func (w *writer) shows(channel string) bool {
	if len(w.output) > 0 {
		return slices.Contains(w.output, channel)
	}
	return isState(channel)
}

// isState reports whether a channel is a field of the state, and not one that the engine keeps for itself.
func isState(channel string) bool {
	return !strings.HasPrefix(channel, "__") && !strings.Contains(channel, ":")
}

// tell appends the update to the thread's log.
func (w *writer) tell(tx *gorm.DB, c graphs.Commit) error {
	patch := make(map[string]graphs.ChannelPatch, len(c.Changes))
	for channel, change := range c.Changes {
		if isState(channel) {
			patch[channel] = change.Patch
		}
	}
	return w.db.append(tx, w.db.clock(), w.thread, "", graphs.Event{
		Kind: graphs.KindUpdate, NS: c.Checkpoint.NS,
		Update: &graphs.StateUpdated{Checkpoint: c.Checkpoint.ID, Patch: patch},
	})
}
