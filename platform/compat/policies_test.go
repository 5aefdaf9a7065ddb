package compat

import (
	"context"
	"sync"
	"testing"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/api"
)

// policies keep rows to their makers, each in a way of its own.
func policies() map[string]authhooks.Handler {
	return map[string]authhooks.Handler{
		"contains": func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
			c.Stamp("participants", []string{"nobody", c.User.Identity})
			return authhooks.Only(authhooks.Contains("participants", c.User.Identity)), nil
		},
		"nested": func(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
			c.Stamp("owner", c.User.Identity)
			mine := authhooks.Eq("owner", c.User.Identity)
			team := authhooks.And(authhooks.Exists("team"), authhooks.ContainsAny("team", c.User.Permissions...))
			return authhooks.Only(authhooks.Or(team, authhooks.And(authhooks.Exists("owner"), authhooks.Not(authhooks.Not(mine))))), nil
		},
		"by id": new(register).decide,
	}
}

// register decides by the ids that it is asked about, as hooks with a table of their own do: what it lets through has no filter. What
// names no row is kept to the caller's own.
type register struct {
	mu    sync.Mutex
	owner map[string]string
}

func (r *register) decide(_ context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c.Stamp("owner", c.User.Identity)
	id, makes := "", false
	switch v := c.Value.(type) {
	case *authhooks.ThreadsCreate:
		id, makes = v.ThreadID(), true
	case *authhooks.AssistantsCreate:
		id, makes = v.AssistantID(), true
	case *authhooks.CronsCreate:
		id, makes = v.CronID(), true
	case *authhooks.ThreadsRead:
		id = v.ThreadID()
	case *authhooks.ThreadsUpdate:
		id = v.ThreadID()
	case *authhooks.ThreadsDelete:
		id = v.ThreadID()
	case *authhooks.RunsCreate:
		id = v.ThreadID()
	case *authhooks.AssistantsRead:
		id = v.AssistantID()
	case *authhooks.AssistantsUpdate:
		id = v.AssistantID()
	case *authhooks.AssistantsDelete:
		id = v.AssistantID()
	case *authhooks.CronsRead:
		id = v.CronID()
	case *authhooks.CronsUpdate:
		id = v.CronID()
	case *authhooks.CronsDelete:
		id = v.CronID()
	}
	if makes && r.owner[id] == "" {
		if r.owner == nil {
			r.owner = map[string]string{}
		}
		r.owner[id] = c.User.Identity
	}
	if makes {
		return authhooks.Only(authhooks.Eq("owner", c.User.Identity)), nil
	}
	switch r.owner[id] {
	case c.User.Identity:
		return authhooks.Allow(), nil
	case "":
		return authhooks.Only(authhooks.Eq("owner", c.User.Identity)), nil
	}
	return authhooks.NotFound(), nil
}

// AC-17, AC-18 and AC-45 do not depend on how hooks say whose a row is.
func TestAC17AC18AC45UnderOtherPolicies(t *testing.T) {
	t.Parallel()
	for name, policy := range policies() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			databases(t, func(t *testing.T, uri string) {
				s := serve(t, withAuth(authhooks.New(tutors(), authhooks.On(authhooks.Any, authhooks.Any, policy))), uri)
				e := settle(t, s, alice)
				bobs := settle(t, s, bob)
				e.ids["mine"], e.ids["myrun"] = bobs.ids["thread"], bobs.ids["run"]
				before := e.snapshot()
				for _, route := range new(api.Server).Routes() {
					for _, key := range rows(route) {
						for _, y := range twoUsers()[key].attempts() {
							y.check(t, e, route.Method, route.Path)
						}
					}
				}
				e.unchanged(t, before)
			})
		})
	}
}
