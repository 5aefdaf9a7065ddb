package events

// Sizes of what a feed keeps for readers that come late or are slow, beside what the log does not have yet.
const (
	ringRecords = 1024
	ringBytes   = 1 << 20
)

// Feed is the writer's end of the Hub for one run. It is used by one goroutine at a time, but for Settle.
type Feed struct {
	hub    *Hub
	topic  *topic // its mutex guards what follows
	thread string
	run    string
	poked  chan struct{}

	records []Record // append only: readers hold parts of it
	sizes   []int
	bytes   int
	base    int64 // records holds everything of the run after base; -1: everything
	settled int64 // the log has everything up to settled
	closed  bool
	aborted bool
}

// Poked receives after [Hub.Poke].
func (f *Feed) Poked() <-chan struct{} { return f.poked }

// Publish shows a record; size is its length in the log. Records come in the order of their seq.
func (f *Feed) Publish(r Record, size int) {
	f.topic.mu.Lock()
	defer f.topic.mu.Unlock()
	if f.topic.feed != f {
		return
	}
	f.records, f.sizes = append(f.records, r), append(f.sizes, size)
	f.bytes += size
	f.trim()
	f.topic.wake()
}

// Settle tells that the log has the records up to seq, so that the ring may drop them.
func (f *Feed) Settle(seq int64) {
	f.topic.mu.Lock()
	defer f.topic.mu.Unlock()
	f.settled = max(f.settled, seq)
}

// trim drops the oldest records while the ring is too large, but never what the log does not have yet.
func (f *Feed) trim() {
	drop := 0
	for drop < len(f.records) && (len(f.records)-drop > ringRecords || f.bytes > ringBytes) && f.records[drop].Seq <= f.settled {
		f.base = f.records[drop].Seq
		f.bytes -= f.sizes[drop]
		drop++
	}
	f.records, f.sizes = f.records[drop:], f.sizes[drop:]
}

// Close ends the showing. All that was published must be in the log, or never be wanted again: readers go on there.
func (f *Feed) Close() { f.end(false) }

// Abort ends the showing of a run that was lost: readers get ErrAborted.
func (f *Feed) Abort() { f.end(true) }

func (f *Feed) end(aborted bool) {
	f.topic.mu.Lock()
	again := f.closed
	f.closed, f.aborted = true, f.aborted || aborted
	f.topic.wake()
	f.topic.mu.Unlock()
	if !again {
		f.hub.leave(f.thread, f.topic)
	}
}
