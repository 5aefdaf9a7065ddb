package a2a

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/locutory/locutory/platform/events"
)

// fold makes updates of a task out of the frames of its run: each message of the assistant becomes an artifact, piece by piece as the
// model speaks, or whole when it comes into the state from elsewhere, as from a graph inside the graph. How the run ended is for the
// rows to tell.
type fold struct {
	begun bool // the run has
	open  string
	// told are the artifacts that were begun in this attempt, done those that are complete.
	told, done map[string]bool
	unnamed    int
	// before are the messages that were in the state when the run began; nil before it did.
	before   map[string]bool
	collects bool
	said     []*heard
	values   json.RawMessage // the last that were shown
}

// heard is what was said so far of an artifact.
type heard struct {
	id    string
	parts []part
	text  strings.Builder // that of the last part, if it is one
}

func newFold() *fold { return &fold{told: map[string]bool{}, done: map[string]bool{}} }

// apply returns the updates of a frame.
func (f *fold) apply(frame events.Frame) ([]update, error) {
	switch frame.Event {
	case "metadata": // an attempt: what the one before it had not ended to say is said again
		out := f.interrupted()
		if !f.begun {
			out = append(out, update{status: status{state: stateWorking}})
		}
		f.begun = true
		return out, nil
	case "values":
		f.values = frame.Data
		return f.state(), nil
	case "messages":
		var pair []json.RawMessage
		if err := json.Unmarshal(frame.Data, &pair); err != nil || len(pair) == 0 {
			return nil, fmt.Errorf("frame %d: no message: %w", frame.ID, err)
		}
		var s spoken
		if err := json.Unmarshal(pair[0], &s); err != nil {
			return nil, fmt.Errorf("frame %d: %w", frame.ID, err)
		}
		return f.message(&s), nil
	}
	return nil, nil
}

// interrupted ends what an attempt was saying when it was lost.
func (f *fold) interrupted() []update {
	open := f.open
	out := f.close()
	delete(f.done, open)
	f.told = map[string]bool{}
	f.said = slices.DeleteFunc(f.said, func(h *heard) bool { return !f.done[h.id] })
	return out
}

// state tells the assistant's messages that are new in the state and that nobody has heard. One that was being told is complete.
func (f *fold) state() []update {
	out := f.close()
	var state struct {
		Messages []json.RawMessage `json:"messages"`
	}
	if json.Unmarshal(f.values, &state) != nil {
		return out
	}
	first := f.before == nil
	if first {
		f.before = map[string]bool{}
	}
	for _, raw := range state.Messages {
		var s spoken
		if json.Unmarshal(raw, &s) != nil || s.ID == "" {
			continue
		}
		if first {
			f.before[s.ID] = true
		}
		if s.Type == "ai" && !f.before[s.ID] && !f.done[s.ID] {
			out = append(out, f.message(&s)...)
		}
	}
	return out
}

func (f *fold) message(s *spoken) (out []update) {
	if s.Type != "ai" && s.Type != "AIMessageChunk" {
		return nil
	}
	whole := s.Type == "ai"
	if s.ID == "" {
		f.unnamed++
		s.ID = fmt.Sprintf("message-%d", f.unnamed)
	}
	if s.ID != f.open {
		out = f.close()
	}
	last := whole || s.Position == "last"
	if parts := s.parts(); len(parts) > 0 {
		f.hear(s.ID, parts)
		out = append(out, update{artifact: &artifact{s.ID, parts}, append: f.told[s.ID], last: last})
		f.told[s.ID], f.open = true, s.ID
		if last {
			f.open, f.done[s.ID] = "", true
		}
	} else if last {
		out = append(out, f.close()...)
	}
	return out
}

// close ends the artifact that is being told. Its last piece is empty, since nobody knew before that none would follow.
func (f *fold) close() []update {
	if f.open == "" {
		return nil
	}
	id := f.open
	f.open, f.done[id] = "", true
	return []update{{artifact: &artifact{id, []part{textPart("")}}, append: true, last: true}}
}

func (f *fold) hear(id string, parts []part) {
	if !f.collects {
		return
	}
	var h *heard
	if n := len(f.said); n > 0 && f.said[n-1].id == id {
		h = f.said[n-1]
	} else {
		h = &heard{id: id}
		f.said = append(f.said, h)
	}
	for _, p := range parts {
		if p.text != nil {
			h.text.WriteString(*p.text)
			continue
		}
		h.settle()
		h.parts = append(h.parts, p)
	}
}

// settle makes a part of the text.
func (h *heard) settle() {
	if h.text.Len() > 0 {
		h.parts = append(h.parts, textPart(h.text.String()))
		h.text.Reset()
	}
}

// artifacts are what was said.
func (f *fold) artifacts() []artifact {
	out := make([]artifact, len(f.said))
	for i, h := range f.said {
		h.settle()
		out[i] = artifact{h.id, h.parts}
	}
	return out
}
