package runs

import (
	"context"

	"github.com/locutory/locutory/platform/access"
)

// Plan is what a run that is to be made later may reach, as the hooks answer now.
type Plan struct {
	AssistantID string             // also when the request names a graph
	Thread      access.ThreadScope // of threads:create_run
	Assistant   access.AssistantScope

	asked *creation
}

// Plan checks a request and asks the hooks all that [Runs.Create] would, and makes nothing. Errors are those of Create, but for rows
// that are not there: that is for whoever uses the scopes.
func (r *Runs) Plan(ctx context.Context, req CreateRequest) (Plan, error) {
	c, err := r.prepare(req)
	if err != nil {
		return Plan{}, err
	}
	if err := c.ask(ctx); err != nil {
		return Plan{}, err
	}
	if err := c.missing(ctx); err != nil {
		return Plan{}, err
	}
	return Plan{AssistantID: c.assistant, Thread: c.run, Assistant: c.read, asked: c}, nil
}

// Refused makes the answer of an error that the store has given for the scopes, as Create does.
func (p Plan) Refused(err error) error { return p.asked.refused(err) }
