package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"time"
)

// listen reads server-sent events (streaming.md §1.2) to the end of the stream; since tells the time since the request.
func listen(r *bufio.Reader, since func() time.Duration) (sample, error) {
	e := events{since: since}
	for long := false; ; {
		line, err := r.ReadSlice('\n')
		rest := long // of a line whose start was seen, and is all that counts
		long = errors.Is(err, bufio.ErrBufferFull)
		switch {
		case errors.Is(err, io.EOF) && len(line) == 0 && !rest:
			e.whole = since()
			return e.sample, nil
		case errors.Is(err, io.EOF):
			err = io.ErrUnexpectedEOF
			fallthrough
		case err != nil && !long:
			return e.sample, fmt.Errorf("the stream broke off: %w", err)
		case rest:
			continue
		}
		if err := e.see(line); err != nil {
			return e.sample, err
		}
	}
}

// events counts what a stream brings. It looks at the names of the events only: to decode the data would cost more than the
// server spends on it.
type events struct {
	sample
	since  func() time.Duration
	failed bool
}

func (e *events) see(line []byte) error {
	if data, ok := bytes.CutPrefix(line, []byte("data:")); ok && e.failed {
		return fmt.Errorf("the run failed: %.500s", bytes.TrimSpace(data))
	}
	name, ok := bytes.CutPrefix(line, []byte("event:"))
	if !ok {
		return nil
	}
	if e.first == 0 {
		e.first = e.since()
	}
	switch string(bytes.TrimSpace(name)) {
	case "error":
		e.failed = true
	case "messages":
		if e.tokens == 0 {
			e.token = e.since()
		}
		e.tokens++
	}
	return nil
}
