package sdk

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// maxEvent bounds the lines of one event in bytes: a whole state comes as one line.
const maxEvent = 64 << 20

// frame is one event as it stands in the stream.
type frame struct {
	name, id string
	data     []byte // lines joined by newlines, as the format says
}

// frames reads server-sent events.
type frames struct {
	in      *bufio.Reader
	max     int
	size    int // of the event being read
	started bool
}

func newFrames(in io.Reader, limit int) *frames {
	return &frames{in: bufio.NewReaderSize(in, 16<<10), max: limit}
}

// next returns the next event. io.EOF is a clean end between two events; an end within one is io.ErrUnexpectedEOF.
// Comments, unknown fields and empty events are skipped.
func (f *frames) next() (frame, error) {
	var event frame
	var some, data bool
	for {
		if !some {
			f.size = 0 // comments between events may go on forever
		}
		line, err := f.line()
		if errors.Is(err, io.EOF) && some {
			return frame{}, io.ErrUnexpectedEOF
		}
		if err != nil {
			return frame{}, err
		}
		if len(line) == 0 {
			if event.name != "" || data {
				return event, nil
			}
			event, some = frame{}, false
			continue
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(name) {
		case "event":
			event.name, some = string(value), true
		case "id":
			if id := string(value); !strings.Contains(id, "\x00") {
				event.id, some = id, true
			}
		case "data":
			if data {
				event.data = append(event.data, '\n')
			}
			event.data, some, data = append(event.data, value...), true, true
		}
	}
}

// line returns the next line without its end, which is LF or CRLF. It is valid until the next call.
func (f *frames) line() ([]byte, error) {
	var line []byte
	for {
		part, err := f.in.ReadSlice('\n')
		if f.size += len(part); f.size > f.max {
			return nil, ErrTooLarge
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			line = append(line, part...)
			continue
		}
		if line != nil {
			part = append(line, part...)
		}
		if errors.Is(err, io.EOF) && len(part) > 0 {
			return nil, io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
		part = bytes.TrimSuffix(part[:len(part)-1], []byte("\r"))
		if !f.started {
			f.started = true
			part = bytes.TrimPrefix(part, []byte("\xef\xbb\xbf"))
		}
		return part, nil
	}
}
