package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/cron"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// patchCron answers PATCH /runs/crons/{id}: metadata merges, the rest replaces. The thread, the assistant and the request of the runs are
// checked again, as they were when the cron was made (H-38).
func (s *Server) patchCron(ctx context.Context, c *call) error {
	id, err := c.uuid("cron_id")
	if err != nil {
		return err
	}
	var in wire.CronPatch
	if err := body(c, &in); err != nil {
		return err
	}
	scope, value, err := s.askPatchCron(ctx, id, in)
	if err != nil {
		return err
	}
	row, err := s.foundCron(ctx, scope, id)
	if err != nil {
		return err
	}
	patch, request, err := cronPatch(row, in, value)
	if err != nil {
		return err
	}
	if _, err := cron.Parse(cmp.Or(textOf(in.Schedule), row.Schedule), cmp.Or(textOf(in.Timezone), row.Timezone)); err != nil {
		return refuse(http.StatusUnprocessableEntity, "%s", err)
	}
	request.RequestID = c.requestID
	plan, err := s.Runs.Plan(ctx, request)
	if err != nil {
		return err
	}
	patch.Next = s.nextOf(in)
	row, err = s.DB.Crons.Patch(ctx, scope, plan.Thread, plan.Assistant, id, patch)
	switch {
	case errors.Is(err, store.ErrForeignCron):
		return refuse(http.StatusForbidden, "%s", store.ErrForeignCron)
	case errors.Is(err, store.ErrAssistantNotFound):
		return plan.Refused(err)
	case err != nil:
		return patched(err, detailCron)
	}
	return c.cron(row)
}

func (s *Server) askPatchCron(ctx context.Context, id string, in wire.CronPatch) (access.CronScope, *authhooks.CronsUpdate, error) {
	changes, err := in.Payload()
	if err != nil {
		return access.CronScope{}, nil, err
	}
	value := &authhooks.CronsUpdate{Metadata: map[string]any(in.Metadata), Payload: changes}
	facts := authhooks.Facts{
		CronID: id, Schedule: textOf(in.Schedule), Timezone: textOf(in.Timezone), Enabled: in.Enabled, OnRunCompleted: string(in.OnRunCompleted),
	}
	if in.EndTime.Value != nil {
		facts.EndTime = in.EndTime.Value.Time
	}
	authhooks.SetFacts(value, facts)
	scope, err := s.Guard.Crons(ctx, value)
	return scope, value, err
}

// cronPatch is what to change of a row, and the request that its runs will be.
func cronPatch(row store.Cron, in wire.CronPatch, value *authhooks.CronsUpdate) (store.CronPatch, runs.CreateRequest, error) {
	var whole, metadata wire.Object
	if err := errors.Join(decode(row.Payload, &whole), decode(row.Metadata, &metadata)); err != nil {
		return store.CronPatch{}, runs.CreateRequest{}, err
	}
	for key, v := range value.Payload {
		whole[key] = v
	}
	run, stored, err := payload(whole, row.AssistantID)
	if err != nil {
		return store.CronPatch{}, runs.CreateRequest{}, err
	}
	patch := store.CronPatch{Metadata: value.Metadata, Schedule: in.Schedule, Timezone: in.Timezone, Enabled: in.Enabled}
	if in.EndTime.Set {
		patch.EndTime = &time.Time{}
		if in.EndTime.Value != nil {
			*patch.EndTime = wire.At(in.EndTime.Value.Time).Time
		}
	}
	if in.OnRunCompleted != "" && row.ThreadID == "" {
		patch.OnRunCompleted = (*string)(&in.OnRunCompleted)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(stored, &fields); err != nil {
		return store.CronPatch{}, runs.CreateRequest{}, err
	}
	for key := range value.Payload {
		if patch.Payload == nil {
			patch.Payload = map[string]store.JSON{}
		}
		if key != "assistant_id" {
			patch.Payload[key] = fields[key] // nil removes what is zero now
		}
	}
	run.Metadata = metadata
	return patch, runs.CreateRequest{ThreadID: row.ThreadID, Body: run}, nil
}

// nextOf returns when a changed cron fires. One whose time table is as before keeps its time, which may be now.
func (s *Server) nextOf(in wire.CronPatch) func(store.Cron) (time.Time, error) {
	return func(row store.Cron) (time.Time, error) {
		if in.Schedule == nil && in.Timezone == nil && !row.NextAt.IsZero() && (row.EndTime.IsZero() || !row.NextAt.After(row.EndTime)) {
			return row.NextAt, nil
		}
		return s.nextFiring(row.Schedule, row.Timezone, row.EndTime)
	}
}

// nextFiring returns the first time from now on, zero when it is after the end.
func (s *Server) nextFiring(schedule, timezone string, end time.Time) (time.Time, error) {
	table, err := cron.Parse(schedule, timezone)
	if err != nil {
		return time.Time{}, refuse(http.StatusUnprocessableEntity, "%s", err)
	}
	next := table.After(s.Now())
	if !end.IsZero() && next.After(end) {
		return time.Time{}, nil
	}
	return next, nil
}

// payload reads what a hook left of a cron's request, and returns it with the form that is stored. No more than clients may hooks say in
// it who a user is (H-5).
func payload(left map[string]any, assistant string) (run wire.RunCreate, stored store.JSON, err error) {
	data, err := json.Marshal(left)
	if err != nil {
		return run, nil, fmt.Errorf("payload: %w", err)
	}
	if err := json.Unmarshal(data, &run); err != nil {
		return run, nil, fmt.Errorf("payload, as the handler left it: %w", err)
	}
	run = unreserved(run)
	run.AssistantID = assistant
	stored, err = json.Marshal(run)
	return run, stored, err
}

// unreserved returns a request without the keys that are the server's.
func unreserved(run wire.RunCreate) wire.RunCreate {
	for _, object := range []*wire.Object{&run.Config.Configurable, &run.Context, &run.Metadata} {
		if *object != nil {
			*object = access.Unreserved(*object)
		}
	}
	if inner, ok := run.Config.Extra["metadata"].(map[string]any); ok {
		run.Config.Extra["metadata"] = access.Unreserved(inner)
	}
	return run
}

// textOf is what p points to, or "".
func textOf(p *string) string {
	if p == nil {
		return ""
	}
	return *p
}
