// Package stress has graphs that take the time they are told.
package stress

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/locutory/locutory/graphs"
)

// load is what the last message asks for, as JSON; what it does not say has a default.
type load struct {
	Delay float64 `json:"delay"` // seconds
	Steps int     `json:"steps"`
	Fail  bool    `json:"fail"`
}

func loadOf(text string) load {
	l := load{Delay: 0.5, Steps: 2}
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		return load{Delay: 0.5, Steps: 2}
	}
	return l
}

// step takes its time, or fails.
func (l load) step(ctx context.Context) error {
	if l.Fail {
		return errors.New("Intentional failure") //nolint:staticcheck // the fixture's text
	}
	select {
	case <-time.After(time.Duration(l.Delay * float64(time.Second))):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// report is what was done, as text.
func (l load) report(echo string, done int, status string) string {
	text, _ := json.Marshal(struct { // texts and numbers
		Echo   string  `json:"echo"`
		Steps  int     `json:"steps_completed"`
		Total  float64 `json:"total_delay_seconds"`
		Status string  `json:"status"`
	}{echo, done, l.Delay * float64(done), status})
	return string(text)
}

// State counts the steps, and for which message.
type State struct {
	graphs.MessagesState
	StepsCompleted int    `json:"steps_completed"`
	Counted        string `json:"counted" channel:"private"`
}

// Graph goes through its steps and reports.
var Graph = graphs.NewStateGraph[State]().
	AddNode("process", process).
	AddNode("respond", respond).
	AddConditionalEdges(graphs.Start, next, "process", "respond").
	AddConditionalEdges("process", next, "process", "respond").
	AddEdge("respond", graphs.End)

func (s State) asked() graphs.Message {
	if len(s.Messages) == 0 {
		return graphs.Message{}
	}
	return s.Messages[len(s.Messages)-1]
}

// done is how many steps were taken for the last message: another run may have ended in its middle.
func (s State) done() int {
	if s.Counted != s.asked().ID {
		return 0
	}
	return s.StepsCompleted
}

func process(ctx context.Context, s State) (graphs.Update, error) {
	if err := loadOf(s.asked().Text()).step(ctx); err != nil {
		return nil, err
	}
	return graphs.Set{"steps_completed": s.done() + 1, "counted": s.asked().ID}, nil
}

func respond(_ context.Context, s State) (graphs.Update, error) {
	text := s.asked().Text()
	said := graphs.AI(loadOf(text).report(text, s.done(), "completed"))
	return graphs.Set{"messages": []graphs.Message{said}}, nil
}

func next(_ context.Context, s State) (string, error) {
	if s.done() < loadOf(s.asked().Text()).Steps {
		return "process", nil
	}
	return "respond", nil
}
