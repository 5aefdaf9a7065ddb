package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"
	"sync/atomic"
)

// fromStart is the Last-Event-ID that asks for all events of a run.
const fromStart = "-1"

// recentIDs is how many event ids a stream remembers to drop repeats, which come right after a reconnect.
const recentIDs = 10_000

// stream is one run's events over as many connections as it takes, or those of all runs of a thread.
type stream struct {
	connection
	whole      bool // of a thread: no event ends it, and neither does the server
	lastID     string
	anonymous  bool // an event without id was told, so replaying everything would repeat it
	seen       map[string]bool
	ring       []string // the seen ids, the oldest at turn
	turn       int
	told       map[string]bool
	newRequest func(context.Context) (*http.Request, error)
}

// events returns the stream as an iterator for one use.
func (s *stream) events(ctx context.Context) iter.Seq2[Event, error] {
	var spent atomic.Bool
	return func(yield func(Event, error) bool) {
		if spent.Swap(true) {
			yield(Event{}, ErrSpent)
			return
		}
		// Whatever ends the loop, the connection ends with it.
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		response, err := s.first(ctx)
		for {
			if err == nil {
				err = s.read(response, yield)
			}
			if err == nil {
				return
			}
			if err := s.pause(ctx, err); err != nil {
				yield(Event{Run: s.run}, err)
				return
			}
			response, err = s.reopen(ctx, s.prepare)
		}
	}
}

func (s *stream) first(ctx context.Context) (*http.Response, error) {
	request, err := s.newRequest(ctx)
	if err != nil {
		return nil, err
	}
	s.prepare(request.Header)
	return s.open(request)
}

// prepare sets the headers of a stream. Without an id, -1 asks for everything, unless something was told already.
func (s *stream) prepare(header http.Header) {
	header.Set("Accept", "text/event-stream")
	header.Set("Accept-Encoding", "identity")
	header.Set("Cache-Control", "no-store")
	switch {
	case s.lastID != "":
		header.Set("Last-Event-ID", s.lastID)
	case s.location != "" && !s.anonymous:
		header.Set("Last-Event-ID", fromStart)
	}
}

// read yields the events of one connection. Nil means that the stream is over: it ended cleanly, the reader broke
// out, or the run's failure was yielded.
func (s *stream) read(response *http.Response, yield func(Event, error) bool) error {
	defer func() { _ = response.Body.Close() }()
	if kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); kind != "text/event-stream" {
		return fmt.Errorf("sdk: the server answers with %q instead of a stream", kind)
	}
	in := newFrames(response.Body, maxEvent)
	for {
		frame, err := in.next()
		switch {
		case errors.Is(err, io.EOF) && s.whole:
			return &brokenError{io.ErrUnexpectedEOF}
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, ErrTooLarge):
			return err
		case err != nil:
			return &brokenError{err}
		}
		if s.repeated(frame.id) {
			continue
		}
		event := Event{Name: frame.name, Data: frame.data, ID: frame.id, Run: s.run}
		if s.whole {
			s.follow(&event)
		} else if event.Name == "error" {
			yield(event, runError(event.Data, s.run))
			return nil
		}
		s.sift(&event)
		if !yield(event, nil) {
			return nil
		}
	}
}

// repeated reports whether an event with this id was yielded already, and remembers it if not.
func (s *stream) repeated(id string) bool {
	if id == "" {
		s.anonymous = true
		if s.lastID == fromStart {
			s.lastID = ""
		}
		return false
	}
	if s.seen[id] {
		return true
	}
	if s.seen == nil {
		s.seen = map[string]bool{}
	}
	if len(s.ring) < recentIDs {
		s.ring = append(s.ring, id)
	} else {
		delete(s.seen, s.ring[s.turn])
		s.ring[s.turn] = id
		s.turn = (s.turn + 1) % recentIDs
	}
	s.seen[id] = true
	s.lastID, s.failures = id, 0 // only a new event is progress
	return false
}

// sift leaves in an event the interrupts that the stream has not told yet.
func (s *stream) sift(event *Event) {
	event.sifted = true
	for _, interrupt := range interruptsIn(event.Mode(), event.Data) {
		if interrupt.ID != "" && s.told[interrupt.ID] {
			continue
		}
		if s.told == nil {
			s.told = map[string]bool{}
		}
		s.told[interrupt.ID] = true
		event.fresh = append(event.fresh, interrupt)
	}
}

// follow notes which run the events of a thread are of: each run's first event says it.
func (s *stream) follow(event *Event) {
	var metadata struct {
		RunID string `json:"run_id"`
	}
	if event.Name == "metadata" && json.Unmarshal(event.Data, &metadata) == nil {
		s.run.RunID = metadata.RunID
		event.Run = s.run
	}
}
