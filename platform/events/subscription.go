package events

import "sort"

// Subscription is a reader's end of the Hub for one run. Close it. It is used by one goroutine.
type Subscription struct {
	hub    *Hub
	topic  *topic
	thread string
	run    string
	feed   *Feed // the last one that was read
	// fresh says that the run was not made yet: the log cannot have anything of it that the hub will not show.
	fresh    bool
	revision int // of the topic, as the reader knows it
}

// Expect starts to read a run that is about to be made. If this process executes it, its log is never asked.
func (h *Hub) Expect(threadID, runID string) *Subscription {
	s := h.Subscribe(threadID, runID)
	s.fresh = true
	return s
}

// Subscribe starts to read a run of a thread.
func (h *Hub) Subscribe(threadID, runID string) *Subscription {
	t := h.join(threadID)
	t.mu.Lock()
	defer t.mu.Unlock()
	return &Subscription{hub: h, topic: t, thread: threadID, run: runID, revision: t.revision}
}

// Close ends the reading.
func (s *Subscription) Close() { s.hub.leave(s.thread, s.topic) }

// View is what the Hub has for a reader at one moment.
type View struct {
	// Records are those after the reader's place, without a gap. They are shared: for reading only.
	Records []Record
	// Live says that this process executes the run and that Records misses nothing: the log need not be asked.
	Live bool
	// Base is a place up to which the log is known to have all there is of the run; -1 when nothing is known.
	Base int64
	// Revised says that the thread's metadata has changed since the last view: it may not be the reader's to see any more.
	Revised bool
	// Changed is closed when there may be more.
	Changed <-chan struct{}
}

// Since returns what there is after seq after. The error is [ErrAborted] once the run that was read was taken away.
func (s *Subscription) Since(after int64) (View, error) {
	t := s.topic
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || s.feed != nil && s.feed.aborted {
		return View{}, ErrAborted
	}
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	v := View{Base: -1, Changed: t.changed, Revised: t.revision != s.revision}
	s.revision = t.revision
	f := t.feed
	if f == nil || f.run != s.run || f.aborted {
		s.fresh = s.fresh && s.feed == nil // a run that was shown, and is not any more, is in the log
		return v, nil
	}
	s.feed = f
	v.Base = f.base
	if after < f.base {
		return v, nil
	}
	v.Live = !f.closed
	from := sort.Search(len(f.records), func(i int) bool { return f.records[i].Seq > after })
	v.Records = f.records[from:len(f.records):len(f.records)]
	return v, nil
}
