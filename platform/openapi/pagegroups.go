package openapi

import (
	"cmp"
	"slices"
	"strings"
)

// inOrder are the groups as people look for them: what a client does all day first, what it asks once last. Others, such as the
// routes of an app, stand between.
func inOrder(group string) int {
	first := []string{"threads", "runs", "assistants", "store", "crons", "feedback"}
	switch at := slices.Index(first, group); {
	case at >= 0:
		return at
	case group == "meta":
		return len(first) + 1
	}
	return len(first)
}

// groups are the operations by what they are about: their tag, or a part of its routes that stands for itself.
func (d *document) groups(hooks bool) []pageGroup {
	ids := map[string]string{}
	for _, o := range d.operations {
		ids[o.method+" "+o.path] = o.ID
	}
	var out []pageGroup
	for _, o := range d.operations {
		shown := d.shown(o, hooks)
		if plain := o.method + " " + strings.TrimSuffix(o.path, "/"); strings.HasSuffix(o.path, "/") && ids[plain] != "" {
			shown.Twin, shown.Plain = ids[plain], plain
		}
		name := o.Tags[0]
		for _, part := range []string{"crons", "feedback"} {
			if name == "runs" && slices.Contains(strings.Split(o.path, "/"), part) {
				name = part
			}
		}
		at := slices.IndexFunc(out, func(g pageGroup) bool { return g.Name == name })
		if at < 0 {
			at = len(out)
			out = append(out, pageGroup{Name: name})
		}
		out[at].Operations = append(out[at].Operations, shown)
	}
	slices.SortStableFunc(out, func(a, b pageGroup) int { return cmp.Compare(inOrder(a.Name), inOrder(b.Name)) })
	return out
}

// first leads through a conversation, as far as this server serves it.
func (d *document) first() []pageFirst {
	var out []pageFirst
	for _, step := range []struct{ route, says, after string }{
		{"POST /threads", "Make a thread with", ","},
		{"POST /threads/{thread_id}/runs/stream", "say something in it and read the answer while it comes with", ","},
		{"GET /threads/{thread_id}/state", "and see what the thread knows by then with", "."},
	} {
		for _, o := range d.operations {
			if o.method+" "+o.path == step.route {
				out = append(out, pageFirst{step.says, o.ID, step.route, step.after})
			}
		}
	}
	if len(out) < 3 {
		return nil
	}
	return out
}
