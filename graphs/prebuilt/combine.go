package prebuilt

import (
	"errors"
	"slices"

	"github.com/locutory/locutory/graphs"
)

// combine makes one update of all results. An interrupt beats other errors: the run is to wait, not to fail.
func combine(results []result) (graphs.Update, error) {
	var messages []graphs.Message
	var failure error
	for _, r := range results {
		switch {
		case errors.Is(r.err, graphs.ErrInterrupted):
			return nil, r.err
		case r.err != nil:
			failure = r.err
		case r.update == nil:
			messages = append(messages, r.message)
		}
	}
	switch {
	case failure != nil:
		return nil, failure
	case len(messages) == len(results):
		return graphs.Set{"messages": messages}, nil
	case len(results) == 1:
		return results[0].update, nil
	}
	return mergeUpdates(results), nil
}

// mergeUpdates joins what several tools want of the graph, in the order of their calls. A Command to the parent leaves the graph:
// what the others want of its state goes with it as far as it is messages.
func mergeUpdates(results []result) graphs.Update {
	var all graphs.Command
	var messages []graphs.Message
	var rest graphs.Updates
	joined := graphs.Set{}
	add := func(key string, value any) {
		own, isMessages := value.([]graphs.Message)
		_, twice := joined[key]
		switch {
		case key == "messages" && isMessages:
			messages = append(messages, own...)
		case twice:
			rest = append(rest, graphs.Set{key: value})
		default:
			joined[key] = value
		}
	}
	leaves := slices.ContainsFunc(results, func(r result) bool { return isToParent(r.update) })
	if leaves { // what leads out brings the conversation which the others answer
		results = slices.Clone(results)
		slices.SortStableFunc(results, func(a, b result) int { return place(a.update) - place(b.update) })
	}
	for _, r := range results {
		if r.update == nil {
			messages = append(messages, r.message)
			continue
		}
		u := r.update
		up := isToParent(u)
		if c, ok := u.(graphs.Command); ok {
			if u = c.Update; up == leaves {
				all.Goto, all.Send = append(all.Goto, c.Goto...), append(all.Send, c.Send...)
			}
		}
		switch u := u.(type) {
		case nil:
		case graphs.Set:
			for key, value := range u {
				if up == leaves || key == "messages" {
					add(key, value)
				}
			}
		default:
			if up == leaves {
				rest = append(rest, u)
			}
		}
	}
	if len(messages) > 0 {
		joined["messages"] = lastOfEach(messages)
	}
	all.Update = joined
	if len(rest) > 0 {
		all.Update = append(graphs.Updates{joined}, rest...)
	}
	if leaves {
		all.Graph = graphs.Parent
	}
	return all
}

func place(u graphs.Update) int {
	if isToParent(u) {
		return 0
	}
	return 1
}

func isToParent(u graphs.Update) bool {
	c, ok := u.(graphs.Command)
	return ok && c.Graph == graphs.Parent
}

// lastOfEach drops messages that a later one with the same id replaces: two tools may both bring the conversation so far.
func lastOfEach(messages []graphs.Message) []graphs.Message {
	at := make(map[string]int, len(messages))
	out := make([]graphs.Message, 0, len(messages))
	for _, m := range messages {
		if i, ok := at[m.ID]; ok && m.ID != "" {
			out[i] = m
			continue
		}
		at[m.ID] = len(out)
		out = append(out, m)
	}
	return out
}
