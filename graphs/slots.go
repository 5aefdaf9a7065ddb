package graphs

import (
	"context"
	"sync"
)

// slots are how many nodes of a run may run at the same time, those of the graphs inside of it included; nil means all that may.
type slots chan struct{}

func newSlots(limit int) slots {
	if limit <= 0 {
		return nil
	}
	return make(slots, limit)
}

// seat is a task's slot. A node that waits for a graph which it calls lends it to that graph, or a limit of 1 would never end.
type seat struct {
	mu    sync.Mutex
	held  bool
	calls int
}

func (s *seat) take(ctx context.Context, of slots) error {
	if of == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wait(ctx, of)
}

func (s *seat) wait(ctx context.Context, of slots) error {
	select {
	case of <- struct{}{}:
		s.held = true
		return nil
	case <-ctx.Done():
		return ctxError(ctx)
	}
}

func (s *seat) leave(of slots) {
	if of == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free(of)
}

func (s *seat) free(of slots) {
	if s.held {
		s.held = false
		<-of
	}
}

// lend gives the slot up until as many calls have ended as have begun.
func (s *seat) lend(of slots) {
	if of == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	s.free(of)
}

// regain takes the slot again after the last call. A node whose context has ended goes on without: it has to end anyway.
func (s *seat) regain(node context.Context, of slots) {
	if of == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls--; s.calls == 0 {
		_ = s.wait(node, of)
	}
}
