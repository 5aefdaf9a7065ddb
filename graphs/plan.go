package graphs

import (
	"cmp"
	"encoding/json"
	"slices"
)

// plan is a task to be: it becomes one when its checkpoint has an id.
type plan struct {
	node    int
	push    bool
	trigger []string
	arg     any
	input   json.RawMessage
	writes  []write // the start task's
	// carried is the task of an earlier checkpoint that this one goes on with, id and all.
	carried *task
}

// successors plans the tasks that outcomes lead to: nodes by name, then Sends in the order of their senders.
func (r *run) successors(outs []*outcome, joined []int) []plan {
	plans := r.plans[:0]
	for _, out := range outs {
		for _, to := range out.gotos {
			plans = r.lead(plans, to, r.g.nodes[to].triggers)
		}
	}
	for _, at := range joined {
		j := &r.g.joins[at]
		plans = r.lead(plans, j.to, j.triggers)
	}
	if len(plans) > 1 {
		r.sortPlans(plans)
	}
	for _, out := range outs {
		for i := range out.sends {
			s := &out.sends[i]
			plans = append(plans, plan{node: s.node, push: true, trigger: pushTriggers, arg: s.arg, input: s.raw})
		}
	}
	r.plans = plans
	return plans
}

// lead plans a node; a node that is planned already has one more trigger. triggers are one name, which are shared.
func (r *run) lead(plans []plan, to int, triggers []string) []plan {
	for i := range plans {
		p := &plans[i]
		if p.node != to || p.push {
			continue
		}
		if !slices.Contains(p.trigger, triggers[0]) {
			p.trigger = append(p.trigger[:len(p.trigger):len(p.trigger)], triggers[0])
		}
		return plans
	}
	return append(plans, plan{node: to, trigger: triggers})
}

func (r *run) sortPlans(plans []plan) {
	slices.SortStableFunc(plans, func(a, b plan) int {
		switch {
		case a.push != b.push && a.push:
			return 1
		case a.push != b.push:
			return -1
		case a.push:
			return 0
		}
		return cmp.Compare(r.g.nodes[a.node].name, r.g.nodes[b.node].name)
	})
}

// told are the plans of tasks as readers get them: the input is told by task.start.
func told(tasks []*task) []TaskPlan {
	plans := make([]TaskPlan, len(tasks))
	for i, t := range tasks {
		plans[i] = TaskPlan{ID: t.plan.ID, Name: t.plan.Name, Path: t.plan.Path, Triggers: t.plan.Triggers, Subgraph: t.plan.Subgraph}
	}
	return plans
}

// schedule makes the tasks of a checkpoint.
func (r *run) schedule(cp *Checkpoint, plans []plan) []*task {
	if len(plans) == 0 {
		cp.Next = []string{}
		return nil
	}
	made := make([]task, len(plans))
	tasks := make([]*task, len(plans))
	named, pushed := r.named(), 0
	if named {
		cp.Next = make([]string, len(plans))
	}
	for i := range plans {
		p, t := &plans[i], &made[i]
		n := &r.g.nodes[p.node]
		tasks[i], t.node, t.arg, t.writes = t, n, p.arg, p.writes
		t.plan = TaskPlan{Name: n.name, Path: n.path, Triggers: p.trigger, Input: p.input, Subgraph: n.sub != nil || n.known != nil}
		if p.push {
			t.plan.Path = []any{pathPush, pushed}
			pushed++
		} else if len(p.trigger) == 0 {
			t.plan.Triggers = n.triggers
		}
		if c := p.carried; c != nil {
			t.plan.ID, t.done, t.restored, t.out, t.paused = c.plan.ID, c.done, c.restored, c.out, c.paused
			t.questions.answers, t.answers = c.questions.answers, c.answers
		}
		if !named {
			continue
		}
		cp.Next[i] = n.name
		if t.plan.ID == "" {
			t.plan.ID = taskID(cp.ID, r.ns, cp.Step+1, n.name, t.plan.Triggers[0], t.index())
		}
	}
	if r.keep.saver != nil {
		cp.Tasks = make([]TaskPlan, len(tasks))
		for i, t := range tasks {
			cp.Tasks[i] = t.plan
		}
	}
	return tasks
}

// identify gives a task an id if it has none because nobody was to see it.
func (r *run) identify(t *task) {
	if t.plan.ID == "" {
		id := checkpointIDs.next(r.cfg.Now(), r.cp.Step, "")
		t.plan.ID = taskID(id, r.ns, r.cp.Step+1, t.plan.Name, t.plan.Triggers[0], t.index())
	}
}
