package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/webhook"
	"github.com/locutory/locutory/platform/wire"
)

const detailCron = "Cron not found"

// createCron answers POST /runs/crons and POST /threads/{id}/runs/crons (rest.md §6). What the cron will ask at each firing is asked now
// as well, so that nobody plans what he may not do.
func (s *Server) createCron(ctx context.Context, c *call) error {
	var in wire.CronCreate
	if err := body(c, &in); err != nil {
		return err
	}
	request := runs.CreateRequest{RequestID: c.requestID}
	var err error
	if request.ThreadID, err = c.threadID(); err != nil {
		return err
	}
	row := store.CronNew{
		ID: s.NewID(), ThreadID: request.ThreadID, Schedule: in.Schedule, Timezone: in.Timezone, Enabled: in.Enabled == nil || *in.Enabled,
	}
	if request.ThreadID == "" {
		row.OnRunCompleted = string(cmp.Or(in.OnRunCompleted, wire.OnRunCompletedDelete))
	}
	if in.EndTime != nil {
		row.EndTime = wire.At(in.EndTime.Time).Time
	}
	if row.NextAt, err = s.nextFiring(row.Schedule, row.Timezone, row.EndTime); err != nil {
		return err
	}
	create, value, err := s.askCreateCron(ctx, in, row)
	if err != nil {
		return err
	}
	if request.Body, row.Payload, err = payload(value.Payload, in.AssistantID); err != nil {
		return err
	}
	request.Body.Metadata, row.Metadata = value.Metadata, value.Metadata
	plan, err := s.Runs.Plan(ctx, request)
	if err != nil {
		return err
	}
	row.AssistantID = plan.AssistantID
	made, err := s.DB.Crons.Create(ctx, create, plan.Thread, plan.Assistant, row)
	if err != nil {
		return plan.Refused(err)
	}
	return c.cron(made)
}

// askCreateCron asks crons:create. The value is the hook's own copy: what it and later hooks do to theirs stays apart (H-40).
func (s *Server) askCreateCron(ctx context.Context, in wire.CronCreate, row store.CronNew) (access.CronScope, *authhooks.CronsCreate, error) {
	asked, err := mapOf(unreserved(in.Run()))
	if err != nil {
		return access.CronScope{}, nil, err
	}
	value := &authhooks.CronsCreate{Metadata: map[string]any(in.Metadata), Payload: asked}
	authhooks.SetFacts(value, authhooks.Facts{
		CronID: row.ID, AssistantID: s.assistantID(in.AssistantID), ThreadID: row.ThreadID, Schedule: row.Schedule, Timezone: row.Timezone,
		EndTime: row.EndTime, OnRunCompleted: row.OnRunCompleted,
	})
	scope, err := s.Guard.Crons(ctx, value)
	return scope, value, err
}

// assistantID returns the id that a body means by an assistant's id or a graph's.
func (s *Server) assistantID(text string) string {
	if id, ok := runs.SystemAssistant(s.Graphs, text); ok {
		return id
	}
	return strings.ToLower(text)
}

// getCron answers GET /runs/crons/{id}.
func (s *Server) getCron(ctx context.Context, c *call) error {
	id, err := c.uuid("cron_id")
	if err != nil {
		return err
	}
	value := &authhooks.CronsRead{}
	authhooks.SetFacts(value, authhooks.Facts{CronID: id})
	scope, err := s.Guard.Crons(ctx, value)
	if err != nil {
		return err
	}
	row, err := s.foundCron(ctx, scope, id)
	if err != nil {
		return err
	}
	return c.cron(row)
}

// foundCron returns a cron that a scope of crons:read or update reaches, and whose thread the caller may read.
func (s *Server) foundCron(ctx context.Context, scope access.CronScope, id string) (store.Cron, error) {
	thread, err := s.threadOfCron(ctx, scope, id)
	if err != nil {
		return store.Cron{}, err
	}
	row, err := s.DB.Crons.Get(ctx, scope, thread, id)
	return row, named(err, detailCron)
}

// threadOfCron asks threads:read for the thread of a cron; the zero scope is for one that has none.
func (s *Server) threadOfCron(ctx context.Context, scope access.CronScope, id string) (access.ThreadScope, error) {
	target, err := s.DB.Crons.Find(ctx, scope, id)
	if err != nil || target.ThreadID == "" {
		return access.ThreadScope{}, named(err, detailCron)
	}
	return s.readThread(ctx, authhooks.Facts{ThreadID: target.ThreadID})
}

// deleteCron answers DELETE /runs/crons/{id}.
func (s *Server) deleteCron(ctx context.Context, c *call) error {
	id, err := c.uuid("cron_id")
	if err != nil {
		return err
	}
	value := &authhooks.CronsDelete{}
	authhooks.SetFacts(value, authhooks.Facts{CronID: id})
	scope, err := s.Guard.Crons(ctx, value)
	if err != nil {
		return err
	}
	thread, err := s.threadOfCron(ctx, scope, id)
	if err != nil {
		return err
	}
	if err := s.DB.Crons.Delete(ctx, scope, thread, id); err != nil {
		return named(err, detailCron)
	}
	return c.empty(http.StatusNoContent)
}

// deletesCrons asks whether the caller may delete crons, and returns what then deletes those of an assistant that are the caller's.
// Those of others stay, and so do all of whoever may not delete; they fire nothing without their assistant (H-12, H-38).
func (s *Server) deletesCrons(ctx context.Context, assistant string) (func(context.Context) error, error) {
	scope, err := s.Guard.Crons(ctx, &authhooks.CronsDelete{})
	var denied *authhooks.Error
	if errors.As(err, &denied) && denied.Status < http.StatusInternalServerError || err == nil && !scope.Ruled() {
		return func(context.Context) error { return nil }, nil
	}
	return func(ctx context.Context) error {
		_, err := s.DB.Crons.DeleteByAssistant(ctx, scope, assistant)
		return err
	}, err
}

// searchCrons answers POST /runs/crons/search.
func (s *Server) searchCrons(ctx context.Context, c *call) error {
	var in wire.CronSearch
	if err := body(c, &in); err != nil {
		return err
	}
	limit, offset := in.Limit.Or(10), int(in.Offset)
	var rows []store.Cron
	var total int
	scope, threads, query, err := s.cronQuery(ctx, in, limit, offset)
	if err == nil {
		rows, total, err = s.DB.Crons.Search(ctx, scope, threads, query)
	}
	if err != nil && !errors.Is(err, errHiddenThread) {
		return err
	}
	c.page(offset, len(rows), limit, total)
	return listed(c, rows, wireCron, in.Select)
}

// countCrons answers POST /runs/crons/count with a bare integer.
func (s *Server) countCrons(ctx context.Context, c *call) error {
	var in wire.CronCount
	if err := body(c, &in); err != nil {
		return err
	}
	search := wire.CronSearch{AssistantID: in.AssistantID, ThreadID: in.ThreadID, Metadata: in.Metadata}
	n := 0
	scope, threads, query, err := s.cronQuery(ctx, search, 0, 0)
	if err == nil {
		n, err = s.DB.Crons.Count(ctx, scope, threads, query)
	}
	if err != nil && !errors.Is(err, errHiddenThread) {
		return err
	}
	return c.json(http.StatusOK, n)
}

// errHiddenThread says that crons were asked for by a thread of which a hook says that it is not there: such a thread has none.
var errHiddenThread = errors.New("a hook hides the thread")

// cronQuery asks crons:search, and threads:read for the thread that is named, else threads:search: a cron of a thread is found by whoever
// finds the thread (auth.md §2.8, H-39).
func (s *Server) cronQuery(ctx context.Context, in wire.CronSearch, limit, offset int) (
	scope access.CronScope, threads access.ThreadScope, query store.CronQuery, err error,
) {
	in.ThreadID = strings.ToLower(in.ThreadID)
	value := &authhooks.CronsSearch{Metadata: map[string]any(in.Metadata)}
	assistant := in.AssistantID
	if assistant != "" {
		assistant = s.assistantID(assistant)
	}
	authhooks.SetFacts(value, authhooks.Facts{AssistantID: assistant, ThreadID: in.ThreadID, Limit: limit, Offset: offset})
	if scope, err = s.Guard.Crons(ctx, value); err != nil {
		return
	}
	if in.ThreadID != "" {
		if threads, err = s.readThread(ctx, authhooks.Facts{ThreadID: in.ThreadID}); access.Hidden(err) {
			err = errHiddenThread
		}
	} else {
		threads, err = s.Guard.Threads(ctx, &authhooks.ThreadsSearch{})
	}
	if err != nil {
		return
	}
	metadata, err := containment(value.Metadata)
	return scope, threads, store.CronQuery{
		AssistantID: assistant, ThreadID: in.ThreadID, Enabled: in.Enabled, Metadata: metadata, Limit: limit, Offset: offset,
		SortBy: string(in.SortBy), SortOrder: string(in.SortOrder),
	}, err
}

func (c *call) cron(row store.Cron) error {
	cron, err := wireCron(row)
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, cron)
}

func wireCron(row store.Cron) (wire.Cron, error) {
	cron := wire.Cron{
		CronID: row.ID, AssistantID: row.AssistantID, ThreadID: orNil(row.ThreadID), OnRunCompleted: orNil(wire.OnRunCompleted(row.OnRunCompleted)),
		Schedule: row.Schedule, Timezone: orNil(row.Timezone), UserID: orNil(row.UserID), Payload: row.Payload, Enabled: row.Enabled,
		CreatedAt: wire.Time{Time: row.CreatedAt}, UpdatedAt: wire.Time{Time: row.UpdatedAt},
	}
	if bytes.Contains(row.Payload, []byte(`"webhook"`)) {
		payload, err := maskedWebhook(row.Payload)
		if err != nil {
			return wire.Cron{}, err
		}
		cron.Payload = payload
	}
	if !row.EndTime.IsZero() {
		cron.EndTime = &wire.Time{Time: row.EndTime}
	}
	if !row.NextAt.IsZero() {
		cron.NextRunDate = &wire.Time{Time: row.NextAt}
	}
	return cron, decode(row.Metadata, &cron.Metadata)
}

// maskedWebhook is a payload whose webhook shows no credentials: whoever may read a cron may not thereby call its maker's systems.
func maskedWebhook(payload json.RawMessage) (json.RawMessage, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(payload, &fields); err != nil {
		return nil, err
	}
	var target string
	if json.Unmarshal(fields["webhook"], &target) != nil || target == "" {
		return payload, nil
	}
	masked, err := json.Marshal(webhook.Mask(target))
	if err != nil {
		return nil, err
	}
	fields["webhook"] = masked
	return json.Marshal(fields)
}

// orNil is a pointer to v, nil for the zero value.
func orNil[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// mapOf is a request as hooks see it.
func mapOf(run wire.RunCreate) (map[string]any, error) {
	data, err := json.Marshal(run)
	if err != nil {
		return nil, err
	}
	var out wire.Object
	err = json.Unmarshal(data, &out)
	return out, err
}
