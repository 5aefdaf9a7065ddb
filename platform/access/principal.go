package access

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/locutory/locutory/authhooks"
)

// Principal is what is kept of a user with the runs and crons that he makes: all but his secrets. The zero Principal is nobody, as on
// an open server. It is JSON, stored in columns of its own, and part of no answer, config, checkpoint or webhook.
type Principal struct {
	Kind        string         `json:"kind,omitempty"` // "user" or "studio"; "" for nobody
	Identity    string         `json:"identity,omitempty"`
	DisplayName string         `json:"display_name,omitempty"`
	Permissions []string       `json:"permissions,omitempty"`
	Tenant      string         `json:"tenant,omitempty"`
	Expires     time.Time      `json:"expires,omitzero"`
	Extra       map[string]any `json:"extra,omitempty"`
	// Thread and Assistant are the filters that these had to pass for him to make a run of them; none for any.
	Thread    json.RawMessage `json:"thread,omitempty"`
	Assistant json.RawMessage `json:"assistant,omitempty"`
}

// The kinds of principals.
const (
	kindUser   = "user"
	kindStudio = "studio"
)

// PrincipalOf returns what is kept of u; nobody when u is nil. It shares no slice with u.
func PrincipalOf(u *authhooks.User) Principal {
	switch {
	case u == nil:
		return Principal{}
	case u.IsStudio():
		return Principal{Kind: kindStudio, Identity: u.Identity}
	}
	return Principal{
		Kind: kindUser, Identity: u.Identity, DisplayName: u.DisplayName, Permissions: slices.Clone(u.Permissions),
		Tenant: u.Tenant, Expires: u.Expires, Extra: u.Extra,
	}
}

// ParsePrincipal reads the JSON of a Principal. Nothing, and null, is nobody.
func ParsePrincipal(stored json.RawMessage) (Principal, error) {
	var p Principal
	if len(stored) == 0 {
		return p, nil
	}
	if err := json.Unmarshal(stored, &p); err != nil {
		return Principal{}, fmt.Errorf("principal: %w", err)
	}
	return p, nil
}

// User returns the user as he was when he made the run, without his secrets; nil for nobody.
func (p Principal) User() *authhooks.User {
	switch p.Kind {
	case kindUser:
		return &authhooks.User{
			Identity: p.Identity, DisplayName: p.DisplayName, Permissions: slices.Clone(p.Permissions),
			Tenant: p.Tenant, Expires: p.Expires, Extra: p.Extra,
		}
	case kindStudio:
		return authhooks.StudioUser()
	default:
		return nil
	}
}

// Reaching is p with the filters of the scopes under which he makes a run: for threads:create_run and for assistants:read.
func (p Principal) Reaching(t ThreadScope, a AssistantScope) (out Principal, err error) {
	if f := t.Filter(); f != nil {
		p.Thread, err = f.MarshalJSON()
	}
	if f := a.Filter(); f != nil && err == nil {
		p.Assistant, err = f.MarshalJSON()
	}
	return p, err
}

// Reaches reports whether he could still make a run on a thread and of an assistant with that metadata. Whoever has lost them since does
// nothing to the one, and learns nothing of the other, by what he left in the queue.
func (p Principal) Reaches(thread, assistant json.RawMessage) (bool, error) {
	if ok, err := passes(p.Thread, thread); !ok || err != nil || len(assistant) == 0 { // one that was deleted tells nothing
		return ok, err
	}
	return passes(p.Assistant, assistant)
}

// Resolve returns the user as whom a worker or a cron acts: what the operator's Resolve answers, else whom the principal tells
// of. On an open server it is nil. The error is an [*authhooks.Error]; 503 means that the answer is not known now, every other
// status that he must not act. Nobody must not, once there are hooks.
func (g *Guard) Resolve(ctx context.Context, p Principal) (*authhooks.User, error) {
	if g.auth == nil {
		return nil, nil
	}
	user := p.User()
	if user == nil {
		return nil, &authhooks.Error{Status: http.StatusForbidden, Detail: "made by nobody, before there were users"}
	}
	if user.IsStudio() {
		return user, nil
	}
	found, registered, err := g.auth.ResolveUser(ctx, p.Identity)
	if err != nil {
		return nil, err
	}
	if registered {
		return found, nil
	}
	return user, nil
}

// passes reports whether metadata passes a filter, if there is one.
func passes(filter, metadata json.RawMessage) (bool, error) {
	if len(filter) == 0 {
		return true, nil
	}
	f, err := authhooks.ParseFilter(filter)
	if err != nil {
		return false, fmt.Errorf("reach of the principal: %w", err)
	}
	var doc map[string]any
	d := json.NewDecoder(bytes.NewReader(metadata))
	d.UseNumber()
	if err := d.Decode(&doc); err != nil {
		return false, fmt.Errorf("metadata: %w", err)
	}
	return f.Match(doc), nil
}
