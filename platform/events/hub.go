package events

import (
	"errors"
	"sync"
)

// ErrAborted says that the run was taken from this process: what readers saw last may never reach the log. They break their
// connection, and come back to whoever executes the run now.
var ErrAborted = errors.New("the run moved to another worker")

// Hub shows the records of the runs that this process executes to the readers in this process. It keeps a ring for each run that is
// not over, and every reader goes along it by itself: a slow reader holds up nobody and costs nothing; when the ring has moved on
// it reads the log.
type Hub struct {
	bell chan struct{}

	mu     sync.Mutex
	topics map[string]*topic
	closed bool
}

// NewHub returns a hub that shows nothing yet.
func NewHub() *Hub { return &Hub{bell: make(chan struct{}, 1), topics: map[string]*topic{}} }

// Ring tells this process's queue that a run may be due.
func (h *Hub) Ring() {
	select {
	case h.bell <- struct{}{}:
	default: // it will look anyway
	}
}

// Bell is what the queue waits for.
func (h *Hub) Bell() <-chan struct{} { return h.bell }

// Close breaks off all readers, with [ErrAborted].
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, t := range h.topics {
		t.mu.Lock()
		t.closed = true
		t.wake()
		t.mu.Unlock()
	}
}

// topic is a thread with a writer or a reader.
type topic struct {
	mu      sync.Mutex
	feed    *Feed         // the newest one; nil before the first
	changed chan struct{} // nil when nobody waits
	closed  bool
	// revision counts the changes of the thread's metadata.
	revision int
	users    int // guarded by Hub.mu
}

// Open starts to show a run. Its records begin after seq base; base is -1 when the run never wrote one before. Close it. If the same
// run was shown until now, it was taken over: what readers saw is aborted. Another run of the thread has ended, though its writer may not
// know yet: its readers go on in the log, which has its end.
func (h *Hub) Open(threadID, runID string, base int64) *Feed {
	t := h.join(threadID)
	f := &Feed{hub: h, topic: t, thread: threadID, run: runID, base: base, settled: base, poked: make(chan struct{}, 1)}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.feed != nil && t.feed.run == runID && !t.feed.closed {
		t.feed.aborted = true
	}
	t.feed = f
	t.wake()
	return f
}

// Wake makes the readers of a thread look at the log now instead of at their next look.
func (h *Hub) Wake(threadID string) {
	t := h.locked(threadID)
	if t == nil {
		return
	}
	defer t.mu.Unlock()
	t.wake()
}

// Revise makes the readers of a thread ask the database, before they show more, whether it is still theirs to read: call it once the
// metadata that scopes are held against has changed. Readers in other processes ask by themselves within [RecheckEvery].
func (h *Hub) Revise(threadID string) {
	t := h.locked(threadID)
	if t == nil {
		return
	}
	defer t.mu.Unlock()
	t.revision++
	t.wake()
}

// Poke makes the writer of a thread look whether its run was cancelled, if it is in this process; else its next beat tells it.
func (h *Hub) Poke(threadID string) {
	t := h.locked(threadID)
	if t == nil {
		return
	}
	defer t.mu.Unlock()
	if t.feed == nil || t.feed.closed {
		return
	}
	select {
	case t.feed.poked <- struct{}{}:
	default:
	}
}

// wake tells all who wait. Callers hold t.mu.
func (t *topic) wake() {
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
}

// locked returns the topic of a thread with its lock held, nil if there is nobody.
func (h *Hub) locked(threadID string) *topic {
	h.mu.Lock()
	t := h.topics[threadID]
	h.mu.Unlock()
	if t != nil {
		t.mu.Lock()
	}
	return t
}

func (h *Hub) join(threadID string) *topic {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.topics[threadID]
	if t == nil {
		t = &topic{closed: h.closed}
		h.topics[threadID] = t
	}
	t.users++
	return t
}

func (h *Hub) leave(threadID string, t *topic) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t.users--; t.users == 0 && h.topics[threadID] == t {
		delete(h.topics, threadID)
	}
}
