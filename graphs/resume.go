package graphs

import (
	"context"
	"encoding/json"
)

// answer finds the tasks that a command's resume value is for: by interrupt id, or the only one that waits. A value for nobody is
// dropped, as when a breakpoint stopped the run.
func (r *run) answer(cmd *InputCommand) (map[string]answered, error) {
	if !cmd.resumes() {
		return nil, nil
	}
	byID := resumeMap(cmd.Resume)
	waiting, questions := make([]*task, 0, len(r.tasks)), 0
	for _, t := range r.tasks {
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
		if t.node.sub != nil {
			t.answers = answersInside(t, cmd.Resume, byID)
			continue // kept by the subgraph
		}
		value, ok := cmd.Resume, true
		if byID != nil {
			value, ok = byID[t.paused[0].ID]
		}
		if !ok {
			continue
		}
		t.questions.answers = append(t.questions.answers[:len(t.questions.answers):len(t.questions.answers)], value)
		found[t.plan.ID] = answered{Run: r.cfg.RunID, Values: t.questions.answers}
	}
	return found, nil
}

// answersInside picks the answers to the questions of a task's subgraph.
func answersInside(t *task, value json.RawMessage, byID map[string]json.RawMessage) map[string]json.RawMessage {
	if byID == nil {
		return map[string]json.RawMessage{t.paused[0].ID: value}
	}
	answers := map[string]json.RawMessage{}
	for _, question := range t.paused {
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
		if a, ok := found[t.plan.ID]; ok {
			r.tasks[i].questions.answers = a.Values
			moved[r.tasks[i].plan.ID] = a
		}
	}
	return r.putAnswers(ctx, moved)
}
