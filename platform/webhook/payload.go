package webhook

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/wire"
)

// payload is the body of a delivery that is sent now.
func payload(d store.Delivery, now time.Time) ([]byte, error) {
	run := d.Run
	out := wire.RunEnded{
		RunID: run.ID, ThreadID: run.ThreadID, AssistantID: run.AssistantID, Status: wire.RunStatus(run.Status),
		MultitaskStrategy: wire.MultitaskStrategy(run.Strategy), Values: d.Values,
		CreatedAt: wire.Time{Time: run.CreatedAt}, UpdatedAt: wire.Time{Time: run.UpdatedAt},
		StartedAt: moment(run.StartedAt), EndedAt: moment(run.EndedAt), SentAt: wire.At(now),
	}
	if err := json.Unmarshal(run.Metadata, &out.Metadata); err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	out.Metadata = access.Unreserved(out.Metadata)
	var err error
	if out.Kwargs, err = shown(run.Kwargs); err != nil {
		return nil, fmt.Errorf("kwargs: %w", err)
	}
	if len(run.Error) > 0 {
		var failure graphs.Failure
		if err := json.Unmarshal(run.Error, &failure); err != nil {
			return nil, fmt.Errorf("error: %w", err)
		}
		out.Error = &wire.RunError{Error: failure.Class, Message: failure.Message}
	}
	return json.Marshal(out)
}

func moment(t time.Time) *wire.Time {
	if t.IsZero() {
		return nil
	}
	return &wire.Time{Time: t}
}

// shown are the kwargs without the webhook, which may hold a credential, and without settings that say who a user is or that are secrets
// by their names: the receiver is a stranger (H-4, H-26).
func shown(kwargs json.RawMessage) (json.RawMessage, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(kwargs, &all); err != nil {
		return nil, err
	}
	delete(all, "webhook")
	for _, part := range []string{"config", "context"} {
		if len(all[part]) == 0 {
			continue
		}
		var settings wire.Object
		if err := json.Unmarshal(all[part], &settings); err != nil {
			return nil, err
		}
		data, err := json.Marshal(open(map[string]any(settings)))
		if err != nil {
			return nil, err
		}
		all[part] = data
	}
	return json.Marshal(all)
}

// open is a value without the members of its objects that are not for strangers.
func open(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, inner := range access.Unreserved(v) {
			if !secret(key) {
				out[key] = open(inner)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = open(v[i])
		}
		return out
	}
	return v
}

// secret reports whether the name of a setting says that it is one.
func secret(key string) bool {
	key = strings.ToLower(key)
	for _, word := range []string{"token", "secret", "password", "passwd", "credential", "authorization", "cookie", "apikey", "private"} {
		if strings.Contains(key, word) {
			return true
		}
	}
	return strings.HasSuffix(key, "key")
}
