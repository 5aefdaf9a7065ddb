package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/locutory/locutory/platform/events"
)

// writeTimeout is how long a client may take no byte before it is given up: its run goes on, and it can come back by Location.
const writeTimeout = 30 * time.Second

// aheadBytes is how much of a stream may wait for its reader, beside one frame of any size. Frames of the mode values are as large as
// a whole state.
const aheadBytes = 1 << 20

// heartbeat is a comment without an empty line after it, of which the JavaScript client 2.0.0 makes an event that is null.
const heartbeat = ": heartbeat\n"

// errGone says that the client has closed its connection.
var errGone = errors.New("the client has gone")

// errDraining ends open answers when the server stops.
var errDraining = errors.New("the server is stopping")

// sse answers with the frames of a run as server-sent events. It returns nil only after the run's end was sent; on every other
// way out the caller's error aborts the connection, so that the client knows to come back (EVENTS: a stream that ends cleanly
// says that the run has ended).
func (c *call) sse(ctx context.Context, frames iter.Seq2[events.Frame, error]) error {
	w := c.beginEvents()
	defer w.end()
	var buf bytes.Buffer
	return feed(ctx, c.server, frames, func(batch []events.Frame) error {
		if buf.Reset(); buf.Cap() > 2*aheadBytes {
			buf = bytes.Buffer{}
		}
		for _, f := range batch {
			writeFrame(&buf, f)
		}
		if len(batch) == 0 {
			buf.WriteString(heartbeat)
		}
		return w.send(buf.Bytes())
	})
}

// beginEvents sends the head of an answer of server-sent events.
func (c *call) beginEvents() *sender {
	h := c.gin.Writer.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache")
	h.Set("X-Accel-Buffering", "no")
	return c.begin()
}

func writeFrame(buf *bytes.Buffer, f events.Frame) {
	buf.WriteString("event: ")
	buf.WriteString(f.Event)
	buf.WriteString("\ndata: ")
	buf.Write(f.Data)
	buf.WriteString("\nid: ")
	buf.Write(strconv.AppendInt(buf.AvailableBuffer(), f.ID, 10))
	buf.WriteString("\n\n")
}

// slowly answers with one JSON document that takes its time: the head is sent at once, and newlines until the document is there.
func (c *call) slowly(ctx context.Context, wait func(context.Context) ([]byte, error)) error {
	c.gin.Writer.Header().Set("Content-Type", "application/json")
	c.gin.Writer.Header().Set("Cache-Control", "no-store") // it may hold links that are meant for this reader
	w := c.begin()
	defer w.end()
	one := func(yield func([]byte, error) bool) {
		data, err := wait(ctx)
		yield(data, err)
	}
	return feed(ctx, c.server, iter.Seq2[[]byte, error](one), func(batch [][]byte) error {
		if len(batch) == 0 {
			return w.send([]byte("\n"))
		}
		return w.send(batch[0])
	})
}

// item is one value of a stream on its way from the goroutine that pulls it.
type item[T any] struct {
	value T
	err   error
}

// feed pulls items and gives them to send in batches of what is there, and an empty batch at each beat of the pulse.
func feed[T any](ctx context.Context, s *Server, items iter.Seq2[T, error], send func(batch []T) error) error {
	ctx, cancel := context.WithCancel(ctx)
	waiting := &ahead{freed: make(chan struct{}, 1)}
	pulled, wait := pull(ctx, items, waiting)
	defer wait()
	defer cancel()
	beats, leave := s.pulse.join()
	defer leave()

	var batch []T
	for {
		var end error
		batch = batch[:0]
		select {
		case <-s.closing.Done():
			return errDraining
		case <-ctx.Done():
			return ctx.Err()
		case <-beats:
		case next, open := <-pulled:
			batch, end = gather(batch, pulled, next, open)
		}
		if len(batch) > 0 || end == nil {
			if err := send(batch); err != nil {
				return err
			}
			waiting.free(weight(batch...))
		}
		if end != nil {
			if err := ctx.Err(); err != nil { // what ends the pulling then is no end of the stream
				return err
			}
			if errors.Is(end, io.EOF) {
				return nil
			}
			return end
		}
	}
}

// ahead counts the bytes that were pulled and not sent yet.
type ahead struct {
	bytes atomic.Int64
	freed chan struct{}
}

// room waits until there is some, and reports false when ctx has ended before.
func (a *ahead) room(ctx context.Context) bool {
	for a.bytes.Load() >= aheadBytes {
		select {
		case <-a.freed:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

func (a *ahead) free(n int64) {
	a.bytes.Add(-n)
	select {
	case a.freed <- struct{}{}:
	default: // whoever waits will look in any case
	}
}

// weight is how many bytes items have that may be large.
func weight[T any](items ...T) (n int64) {
	for _, i := range items {
		switch i := any(i).(type) {
		case events.Frame:
			n += int64(len(i.Data))
		case []byte:
			n += int64(len(i))
		}
	}
	return n
}

// pull starts a goroutine that reads items ahead; wait returns when it has ended, which it does soon after ctx.
func pull[T any](ctx context.Context, items iter.Seq2[T, error], ahead *ahead) (pulled chan item[T], wait func()) {
	pulled = make(chan item[T], 64)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(pulled)
		for value, err := range items {
			ahead.bytes.Add(weight(value))
			select {
			case pulled <- item[T]{value, err}:
			case <-ctx.Done():
				return
			}
			if err != nil || !ahead.room(ctx) {
				return
			}
		}
	}()
	return pulled, func() { <-done }
}

// gather adds next and all that is there already to batch. The error is io.EOF at the end of the stream, or the stream's own.
func gather[T any](batch []T, pulled <-chan item[T], next item[T], open bool) ([]T, error) {
	for {
		if !open {
			return batch, io.EOF
		}
		if next.err != nil {
			return batch, next.err
		}
		batch = append(batch, next.value)
		if len(batch) == cap(pulled) {
			return batch, nil
		}
		select {
		case next, open = <-pulled:
		default:
			return batch, nil
		}
	}
}

// sender writes to an answer that has begun.
type sender struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// begin sends the head of the answer. From here on an error can only abort the connection.
func (c *call) begin() *sender {
	s := &sender{w: c.gin.Writer, control: http.NewResponseController(c.gin.Writer)}
	c.begun = true
	c.gin.Status(http.StatusOK)
	c.gin.Writer.WriteHeaderNow()
	_ = s.control.Flush() // an error shows at the first write
	return s
}

func (s *sender) send(data []byte) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	_, err := s.w.Write(data)
	if err == nil {
		err = s.control.Flush()
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) { // a slow client is no client that has gone
		err = fmt.Errorf("%w: %w", errGone, err)
	}
	return err
}

// end takes the deadline back, since the connection may serve another request.
func (s *sender) end() { _ = s.control.SetWriteDeadline(time.Time{}) }
