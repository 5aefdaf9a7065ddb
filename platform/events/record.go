package events

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"strconv"

	"github.com/locutory/locutory/graphs"
)

// Record is one event in a thread's log. Seq grows along the log and is never given twice; gaps are normal.
type Record struct {
	Seq int64 `json:"seq"`
	graphs.Event
}

// AppendLine appends r as one line of a segment, with its newline.
func (r Record) AppendLine(dst []byte) ([]byte, error) {
	dst = append(dst, `{"seq":`...)
	dst = strconv.AppendInt(dst, r.Seq, 10)
	dst = append(dst, ',')
	var event bytes.Buffer
	enc := json.NewEncoder(&event)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r.Event); err != nil {
		return nil, fmt.Errorf("encode %s event: %w", r.Kind, err)
	}
	return append(dst, event.Bytes()[1:]...), nil // an event always has a kind, so a field follows the comma
}

// Lines yields the records of a segment's data, in order. After an error it ends.
func Lines(data []byte) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for line := range bytes.Lines(data) {
			if len(bytes.TrimSpace(line)) == 0 {
				continue
			}
			var r Record
			if err := json.Unmarshal(line, &r); err != nil {
				yield(Record{}, fmt.Errorf("read the log: %w", err))
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// ParseID reads the id of a frame, as clients send it back.
func ParseID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < -1 {
		return 0, fmt.Errorf("%q is no id of a frame", text)
	}
	return id, nil
}

// Frame is one server-sent event of protocol v1. ID is 16*seq+i, where seq is the record's and i the frame's place among all frames
// that the record can make, so that a frame has the same id whatever the reader asked for. Data is one line of JSON.
type Frame struct {
	ID    int64
	Event string
	Data  json.RawMessage
}
