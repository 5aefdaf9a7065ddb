package authhooks

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// User is who a request comes from: what an [Authenticator] found out.
type User struct {
	// Identity names the user, for ever and alone: rows are stamped with it. It is compared byte by byte, has 1 to 256
	// bytes of UTF-8 without control characters, and is none of the reserved names system, anonymous and langgraph-studio-user.
	Identity string `json:"identity"`
	// DisplayName is for people to read; Identity when empty.
	DisplayName string `json:"display_name"`
	// Permissions is what [User.Can] looks at.
	Permissions []string `json:"permissions"`
	// Tenant is the organisation, for [TenantOnly].
	Tenant string `json:"tenant,omitempty"`
	// Expires is when this answer stops being true, as a token's exp; zero: never. Streams end then.
	Expires time.Time `json:"expires,omitzero"`
	// Extra is anything else that handlers and graphs may want. It is stored with runs and crons.
	Extra map[string]any `json:"extra,omitempty"`
	// Secret is as Extra, for what must never be stored, logged or sent: a user's own tokens. A worker gets it by [Resolve] alone.
	Secret map[string]any `json:"-"`

	studio bool
}

// studioIdentity is refused to authenticators, so that nobody can become the Studio by name.
const studioIdentity = "langgraph-studio-user"

// StudioUser returns the user that the embedded Studio acts as. For servers; no authenticator can return it.
func StudioUser() *User {
	return &User{Identity: studioIdentity, DisplayName: studioIdentity, Permissions: []string{"authenticated"}, studio: true}
}

// IsStudio reports whether the call comes from the embedded Studio, so that a policy can let it see what its owner filter would hide.
func (u *User) IsStudio() bool { return u != nil && u.studio }

// Can reports whether u has the permission. "threads:*" holds "threads:read", and "*" holds all. A nil user has none.
func (u *User) Can(permission string) bool {
	if u == nil || permission == "" {
		return false
	}
	for _, p := range u.Permissions {
		if p == permission || p == "*" {
			return true
		}
		if scope, ok := strings.CutSuffix(p, ":*"); ok && strings.HasPrefix(permission, scope+":") {
			return true
		}
	}
	return false
}

// String returns the identity, so that no log line shows the rest.
func (u User) String() string { return u.Identity }

// GoString is String for %#v: it keeps Secret out.
func (u User) GoString() string { return fmt.Sprintf("authhooks.User{Identity:%q}", u.Identity) }

// LogValue is String for slog.
func (u User) LogValue() slog.Value { return slog.StringValue(u.Identity) }

// Clone returns a user whose Permissions and Extra are its own, all the way down, and its Secret at the top. DisplayName is filled in.
func (u *User) Clone() *User {
	c := *u
	c.Permissions = slices.Clone(u.Permissions)
	if u.Extra != nil {
		c.Extra = cloneMap(u.Extra)
	}
	c.Secret = maps.Clone(u.Secret)
	if c.DisplayName == "" {
		c.DisplayName = c.Identity
	}
	return &c
}

// checkIdentity is R-5.
func checkIdentity(id string) error {
	switch id {
	case "":
		return errors.New("the identity is empty")
	case studioIdentity, "system", "anonymous":
		return fmt.Errorf("the identity %q is reserved", id)
	}
	if len(id) > 256 {
		return errors.New("the identity is longer than 256 bytes")
	}
	if !utf8.ValidString(id) {
		return errors.New("the identity is not UTF-8")
	}
	if strings.ContainsFunc(id, unicode.IsControl) {
		return errors.New("the identity has control characters")
	}
	return nil
}
