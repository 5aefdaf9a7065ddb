package sdk

import (
	"context"
	"io"
	"time"
)

// SetPauses makes the client's pauses before reconnects those of the test.
func SetPauses(c *Client, sleep func(context.Context, time.Duration) error) { c.sleep = sleep }

// SetJitter makes the random part of the pauses constant.
func SetJitter(c *Client, d time.Duration) { c.jitter = func() time.Duration { return d } }

// Frame is a parsed frame of an event stream.
type Frame struct{ Name, ID, Data string }

// ReadFrames parses a stream to its end and returns why it ended.
func ReadFrames(in io.Reader, limit int) ([]Frame, error) {
	frames := newFrames(in, limit)
	var all []Frame
	for {
		f, err := frames.next()
		if err != nil {
			return all, err
		}
		all = append(all, Frame{f.name, f.id, string(f.data)})
	}
}
