package graphs

import (
	"context"
	"fmt"
	"maps"
)

// keeper calls a run's saver as the durability asks. With exit it holds back everything until the run ends, and then puts one
// checkpoint that has all changes since the one the run began from.
type keeper struct {
	saver      Saver
	durability Durability
	ns         string

	held   *Commit
	base   string // the checkpoint that held leads on from; known once something is held
	writes []heldWrites
}

type heldWrites struct {
	checkpoint, task string
	writes           []Write
}

func (k *keeper) put(ctx context.Context, c Commit) error {
	if k.durability == DurabilityExit {
		return k.hold(c)
	}
	if err := k.saver.Put(ctx, c); err != nil {
		return fmt.Errorf("put checkpoint: %w", err)
	}
	return k.sync(ctx)
}

func (k *keeper) putWrites(ctx context.Context, checkpoint, task string, writes []Write) error {
	if k.saver == nil {
		return nil
	}
	if k.durability == DurabilityExit {
		k.writes = append(k.writes, heldWrites{checkpoint, task, writes})
		return nil
	}
	if err := k.saver.PutWrites(ctx, k.ns, checkpoint, task, writes); err != nil {
		return fmt.Errorf("put writes: %w", err)
	}
	return k.sync(ctx)
}

func (k *keeper) sync(ctx context.Context) error {
	if k.durability != DurabilitySync {
		return nil
	}
	if err := k.saver.Sync(ctx); err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	return nil
}

// hold merges a commit into what is held back.
func (k *keeper) hold(c Commit) error {
	if k.held == nil {
		k.base = c.Checkpoint.ParentID
		held := c
		held.Changes = maps.Clone(c.Changes)
		k.held = &held
		return nil
	}
	changes := k.held.Changes
	if changes == nil {
		changes = map[string]Change{}
	}
	for name, next := range c.Changes {
		before, ok := changes[name]
		if !ok {
			changes[name] = next
			continue
		}
		patch, err := ComposePatch(before.Patch, next.Patch)
		if err != nil {
			return fmt.Errorf("channel %q: %w", name, err)
		}
		changes[name] = Change{Base: before.Base, Patch: patch, Whole: next.Whole}
	}
	for name := range changes {
		if _, ok := c.Checkpoint.Versions[name]; !ok {
			delete(changes, name)
		}
	}
	// The first commit's writes are those of base's tasks; later ones belong to checkpoints that are never stored.
	k.held = &Commit{Checkpoint: c.Checkpoint, Changes: changes, Writes: k.held.Writes}
	return nil
}

// finish puts what was held back.
func (k *keeper) finish(ctx context.Context) error {
	if k.durability != DurabilityExit || k.saver == nil {
		return nil
	}
	last := ""
	if k.held != nil {
		cp := *k.held.Checkpoint
		cp.ParentID = k.base
		cp.Versions = maps.Clone(cp.Versions)
		for name := range k.held.Changes {
			cp.Versions[name] = cp.ID
		}
		k.held.Checkpoint, last = &cp, cp.ID
		if err := k.saver.Put(ctx, *k.held); err != nil {
			return fmt.Errorf("put checkpoint: %w", err)
		}
	}
	for _, w := range k.writes {
		if k.held != nil && w.checkpoint != last && w.checkpoint != k.base {
			continue
		}
		if err := k.saver.PutWrites(ctx, k.ns, w.checkpoint, w.task, w.writes); err != nil {
			return fmt.Errorf("put writes: %w", err)
		}
	}
	return nil
}
