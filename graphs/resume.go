package graphs

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
)

// answer finds the tasks that a command's resume value is for: by interrupt id, or the only one that waits. A value for nobody is
// dropped, as when a breakpoint stopped the run.
//
// older says that the checkpoint is not the newest one: then a question that has been answered since may be answered anew.
func (r *run) answer(cmd *InputCommand, older bool) (map[string]answered, error) {
	if !cmd.resumes() {
		return nil, nil
	}
	byID := resumeMap(cmd.Resume)
	waiting, questions := make([]*task, 0, len(r.tasks)), 0
	for _, t := range r.tasks {
		if older {
			r.reopen(t)
		}
		again := r.attempt > 1 && r.cfg.RunID != "" && t.answeredBy == r.cfg.RunID // by this very command
		if len(t.paused) > 0 && !t.done && !again {
			questions += len(t.paused)
			waiting = append(waiting, t)
		}
	}
	if byID == nil && questions > 1 {
		return nil, failf(ErrAmbiguousResume, "%v", ErrAmbiguousResume)
	}
	found := map[string]answered{}
	for _, t := range waiting {
		own := interruptID(r.former(t))
		inside := slices.DeleteFunc(slices.Clone(t.paused), func(q Interruption) bool { return t.node.sub == nil && q.ID == own })
		if len(inside) > 0 {
			t.answers = answersInside(inside, cmd.Resume, byID) // kept by the subgraph
		}
		if len(inside) == len(t.paused) {
			continue
		}
		value, ok := cmd.Resume, true
		if byID != nil {
			value, ok = byID[own]
		}
		if !ok {
			continue
		}
		t.questions.answers = append(t.questions.answers[:len(t.questions.answers):len(t.questions.answers)], value)
		found[t.plan.ID] = answered{Run: r.cfg.RunID, Values: t.questions.answers}
	}
	return found, nil
}

// reopen makes a task whose questions were answered after its checkpoint ask again.
func (r *run) reopen(t *task) {
	if !t.done && len(t.paused) > 0 {
		return
	}
	if len(t.paused) == 0 && len(t.questions.answers) > 0 {
		t.paused = []Interruption{{ID: interruptID(r.former(t))}}
	}
	t.questions.answers, t.done = nil, t.done && len(t.paused) == 0
}

// answersInside picks the answers to the questions of the graphs that a task runs.
func answersInside(questions []Interruption, value json.RawMessage, byID map[string]json.RawMessage) map[string]json.RawMessage {
	if byID == nil {
		return map[string]json.RawMessage{questions[0].ID: value}
	}
	answers := map[string]json.RawMessage{}
	for _, question := range questions {
		if value, ok := byID[question.ID]; ok {
			answers[question.ID] = value
		}
	}
	return answers
}

// resumeMap returns the value by interrupt ids, nil if it is a plain value.
func resumeMap(raw json.RawMessage) map[string]json.RawMessage {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil || len(object) == 0 {
		return nil
	}
	for key := range object {
		if !isInterruptID(key) {
			return nil
		}
	}
	return object
}

// putAnswers makes answers durable before the nodes run on them; the questions are closed.
func (r *run) putAnswers(ctx context.Context, found map[string]answered) error {
	for _, t := range r.tasks {
		a, ok := found[t.plan.ID]
		if !ok {
			continue
		}
		err := r.keep.putWrites(ctx, r.cp.ID, t.plan.ID, []Write{
			{Task: t.plan.ID, Channel: ResumeChannel, Value: mustJSON(a)},
			{Task: t.plan.ID, Channel: InterruptChannel, Value: json.RawMessage("[]")},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// forkAnswered replays an older checkpoint with answers to its questions.
func (r *run) forkAnswered(ctx context.Context, found map[string]answered) error {
	old := r.tasks
	if err := r.fork(ctx); err != nil {
		return err
	}
	moved := map[string]answered{}
	for i, t := range old {
		if now := r.tasks[i]; len(t.answers) > 0 {
			if now.answers = t.answers; now.origin == "" {
				base, err := r.asked(ctx, r.former(t), t.answers)
				if err != nil {
					return err
				}
				now.origin, now.base = r.former(t), base
			}
		}
		if a, ok := found[t.plan.ID]; ok {
			r.tasks[i].questions.answers = a.Values
			moved[r.tasks[i].plan.ID] = a
		}
	}
	return r.putAnswers(ctx, moved)
}

// asked returns the newest checkpoint of a namespace at which one of the questions was asked.
func (r *run) asked(ctx context.Context, ns string, questions map[string]json.RawMessage) (string, error) {
	for saved, err := range r.keep.saver.List(ctx, ListQuery{NS: ns}) {
		if err != nil {
			return "", fmt.Errorf("read history: %w", err)
		}
		for i := range saved.Tasks {
			plan := &saved.Tasks[i]
			if _, ok := questions[interruptID(joinNS(ns, plan.Name, plan.ID))]; ok {
				return saved.ID, nil
			}
		}
		for _, w := range saved.Writes {
			var list []Interruption
			if w.Channel != InterruptChannel || json.Unmarshal(w.Value, &list) != nil {
				continue
			}
			for _, q := range list {
				if _, ok := questions[q.ID]; ok {
					return saved.ID, nil
				}
			}
		}
	}
	return "", nil
}
