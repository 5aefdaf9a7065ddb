package access

import (
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
