package a2a

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// The sizes of pages. Of tasks with what they have said, fewer are told at one time: each is read from the log.
const (
	pageSize    = 50
	maxPage     = 100
	maxFullPage = 20
)

// listParams are those of ListTasks.
type listParams struct {
	ContextID        string    `json:"contextId"`
	Status           string    `json:"status"`
	PageSize         *int      `json:"pageSize"`
	PageToken        string    `json:"pageToken"`
	HistoryLength    *int      `json:"historyLength"`
	Since            time.Time `json:"statusTimestampAfter"`
	IncludeArtifacts bool      `json:"includeArtifacts"`
}

// query is what the store is asked. False means that there can be no such task.
func (p *listParams) query(assistant string) (q store.TaskQuery, possible bool, err error) {
	q = store.TaskQuery{AssistantID: assistant, ThreadID: strings.ToLower(p.ContextID), Limit: pageSize, Since: p.Since}
	if q.ThreadID != "" && !wire.IsUUID(q.ThreadID) {
		return q, false, fail(codeParams, "contextId: want the id of a context")
	}
	if p.PageSize != nil {
		if q.Limit = *p.PageSize; q.Limit < 1 || q.Limit > maxPage {
			return q, false, fail(codeParams, "pageSize: want 1 to %d", maxPage)
		}
	}
	if q.Before, err = placeOf(p.PageToken); err != nil {
		return q, false, err
	}
	asking := true
	switch strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(p.Status, "TASK_STATE_"), "_", "-")) {
	case "", "unspecified", "unrecognized": // the last is what the client in JavaScript writes of a state that is not given
	case stateSubmitted:
		q.Statuses = []string{store.RunPending}
	case stateWorking:
		q.Statuses = []string{store.RunRunning}
	case stateFailed:
		q.Statuses = []string{store.RunError, store.RunTimeout}
	case stateCanceled:
		q.Statuses = []string{store.RunInterrupted}
	case stateAsks:
		q.Statuses, q.Asking = []string{store.RunSuccess}, &asking
	case stateCompleted:
		asking = false
		q.Statuses, q.Asking = []string{store.RunSuccess}, &asking
	case "rejected", "auth-required": // no task is ever so
		return q, false, nil
	default:
		return q, false, fail(codeParams, "status: no such state: %.40q", p.Status)
	}
	return q, true, nil
}

// list answers ListTasks: the tasks of this assistant on threads that the caller may find and read, and how many there are of them.
func (c *call) list(ctx context.Context) (*Answer, error) {
	var in listParams
	if err := params(c, &in); err != nil {
		return nil, err
	}
	q, possible, err := in.query(c.assistant.ID)
	if err != nil {
		return nil, err
	}
	history := 0
	if in.HistoryLength != nil {
		if history, err = historyLength(in.HistoryLength); err != nil {
			return nil, err
		}
	}
	full := history > 0 || in.IncludeArtifacts
	if full {
		q.Limit = min(q.Limit, maxFullPage)
	}
	value := &authhooks.ThreadsSearch{}
	facts := authhooks.Facts{Limit: q.Limit}
	if q.ThreadID != "" {
		facts.IDs = []string{q.ThreadID}
	}
	authhooks.SetFacts(value, facts)
	search, err := c.Guard.Threads(ctx, value)
	if err != nil {
		return nil, err
	}
	if q.Metadata, q.Values, err = contained(value); err != nil {
		return nil, err
	}
	read, err := c.read(ctx, authhooks.Facts{ThreadID: q.ThreadID})
	if q.ThreadID != "" && access.Hidden(err) {
		possible, err = false, nil
	}
	if err != nil {
		return nil, err
	}
	if !possible {
		return c.result(object{"tasks": []object{}, "nextPageToken": "", "pageSize": q.Limit, "totalSize": 0})
	}
	size := q.Limit
	q.Limit++ // to know of the next page
	rows, total, err := c.DB.Runs.Tasks(ctx, search, read, q)
	if err != nil {
		return nil, err
	}
	next := ""
	if len(rows) > size {
		rows = rows[:size]
		last := rows[size-1]
		next = place{last.UpdatedAt.UnixMicro(), last.Run.ID}.token()
	}
	tasks := make([]object, 0, len(rows))
	for _, row := range rows {
		t := task{id: row.ID, context: row.ThreadID, status: statusOfRow(&row)}
		if full {
			if t, err = c.listed(ctx, read, row, t, history, in.IncludeArtifacts); err != nil {
				return nil, err
			}
		}
		tasks = append(tasks, c.version.task(t))
	}
	return c.result(object{"tasks": tasks, "nextPageToken": next, "pageSize": size, "totalSize": total})
}

// listed is a task of a list with what it has said; one that is gone meanwhile is as the list had it.
func (c *call) listed(ctx context.Context, read access.ThreadScope, row store.Task, bare task, history int, artifacts bool) (task, error) {
	t, err := c.shown(ctx, read, row, history)
	var refused *rpcError
	if errors.As(err, &refused) {
		return bare, nil
	}
	if !artifacts {
		t.artifacts = nil
	}
	return t, err
}

// contained is what the handler of threads:search left of the search, which narrows it.
func contained(value *authhooks.ThreadsSearch) (metadata, values json.RawMessage, err error) {
	if len(value.Metadata) > 0 {
		if metadata, err = json.Marshal(value.Metadata); err != nil {
			return nil, nil, err
		}
	}
	if len(value.Values) > 0 {
		values, err = json.Marshal(value.Values)
	}
	return metadata, values, err
}
