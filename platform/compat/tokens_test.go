package compat

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	gojwt "github.com/golang-jwt/jwt/v5"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/authhooks/jwt"
	"github.com/locutory/locutory/platform"
)

// secret signs the tokens of these tests and of nothing else.
const secret = "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7"

// scoped is the server of the fixtures' set auth: JSON Web Tokens whose scopes narrow what their user is granted.
func scoped(t *testing.T, more ...platform.Graph) platform.Parts {
	t.Helper()
	granted := []string{"read", "write", "assistants:write", "me"}
	verifier, err := jwt.New(jwt.Config{
		Secret: []byte(secret),
		User: func(_ context.Context, claims jwt.Claims) (*authhooks.User, error) {
			subject, _ := claims.GetSubject()
			if !slices.Contains([]string{"johndoe", "alice"}, subject) {
				return nil, authhooks.Unauthenticated("no such user")
			}
			return &authhooks.User{Identity: subject, Permissions: jwt.Permissions(jwt.Scopes(claims), granted)}, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	owner := permitted(authhooks.OwnerOnly("owner"))
	return withAuth(authhooks.New(verifier.Authenticate,
		authhooks.On(authhooks.Any, authhooks.Any, owner),
		authhooks.On(authhooks.Assistants, authhooks.Create, authhooks.Require("assistants:write", owner)),
		authhooks.On(authhooks.Threads, authhooks.Create, func(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
			if !c.User.Can("me") && !c.User.Can("threads:write") {
				return authhooks.Deny("the permission me is required"), nil
			}
			return owner(ctx, c)
		}),
	), more...)
}

// permitted denies users without any permission.
func permitted(next authhooks.Handler) authhooks.Handler {
	return func(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
		if len(c.User.Permissions) == 0 {
			return authhooks.Deny("no permission at all"), nil
		}
		return next(ctx, c)
	}
}

// sign returns a token.
func sign(t *testing.T, method gojwt.SigningMethod, key any, claims gojwt.MapClaims) string {
	t.Helper()
	signed, err := gojwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// token returns a good token of a user with scopes.
func token(t *testing.T, subject string, scopes ...string) string {
	t.Helper()
	return sign(t, gojwt.SigningMethodHS256, []byte(secret), gojwt.MapClaims{
		"sub": subject, "scope": strings.Join(scopes, " "), "exp": time.Now().Add(time.Hour).Unix(),
	})
}

func TestAC33WrongTokensAre401(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, scoped(t), uri)
		hour := time.Now().Add(time.Hour).Unix()
		good := token(t, "johndoe", "me")
		for name, bad := range map[string]string{
			"an unknown subject":    token(t, "mallory", "me"),
			"no subject":            token(t, "", "me"),
			"another secret":        sign(t, gojwt.SigningMethodHS256, []byte(strings.Repeat("x", 64)), gojwt.MapClaims{"sub": "johndoe", "exp": hour}),
			"expired":               sign(t, gojwt.SigningMethodHS256, []byte(secret), gojwt.MapClaims{"sub": "johndoe", "exp": hour - 7200}),
			"never expires":         sign(t, gojwt.SigningMethodHS256, []byte(secret), gojwt.MapClaims{"sub": "johndoe"}),
			"no signature":          sign(t, gojwt.SigningMethodNone, gojwt.UnsafeAllowNoneSignatureType, gojwt.MapClaims{"sub": "johndoe", "exp": hour}),
			"another algorithm":     sign(t, gojwt.SigningMethodHS512, []byte(secret), gojwt.MapClaims{"sub": "johndoe", "exp": hour}),
			"a cut signature":       good[:len(good)-6],
			"an emptied signature":  good[:strings.LastIndex(good, ".")+1],
			"the payload of nobody": "e30." + good,
			"garbage":               "e30.e30.e30",
		} {
			a := s.as(bad, "POST", "/threads", `{}`)
			if a.Status != http.StatusUnauthorized || !strings.HasPrefix(a.Header.Get("WWW-Authenticate"), "Bearer") || a.field(t, "detail") == "" {
				t.Errorf("%s: status %d: %s", name, a.Status, a.Body)
			}
		}
		s.must(200, good, "POST", "/threads", `{}`)
	})
}

func TestAC34ScopesOpenRoutes(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, scoped(t), uri)
		create := `{"graph_id": "agent", "metadata": {"note": "n", "owner": "alice"}}`
		for name, scopes := range map[string][]string{"none": nil, "an irrelevant one": {"me"}, "one that he is not granted": {"admin", "assistants"}} {
			if a := s.as(token(t, "johndoe", scopes...), "POST", "/assistants", create); a.Status != http.StatusForbidden {
				t.Errorf("%s: status %d, want 403: %s", name, a.Status, a.Body)
			}
		}
		john := token(t, "johndoe", "assistants:write")
		s.must(200, john, "POST", "/assistants", create)
		var found []struct{ Metadata map[string]any }
		s.must(200, john, "POST", "/assistants/search", `{"metadata": {"note": "n"}}`).into(t, &found)
		if len(found) != 1 || found[0].Metadata["owner"] != "johndoe" {
			t.Errorf("the search finds %v, want one of johndoe's", found)
		}
		other := token(t, "alice", "assistants:write")
		if a := s.must(200, other, "POST", "/assistants/search", `{"metadata": {"note": "n"}}`); string(a.Body) != "[]" {
			t.Errorf("alice finds %s", a.Body)
		}
		s.must(403, token(t, "johndoe", "read"), "POST", "/threads", `{}`)
		s.must(403, token(t, "johndoe"), "POST", "/threads/search", `{}`)
	})
}

func TestAC35PermissionsAreTheIntersection(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, scoped(t, whoami()), uri)
		john := token(t, "johndoe", "me", "read", "admin", "threads:delete")
		var seen sighting
		s.must(200, john, "POST", "/runs/wait", `{"assistant_id": "whoami", "input": {"word": "who?"}}`).into(t, &seen)
		if want := []string{"me", "read"}; !slices.Equal(seen.Permissions, want) {
			t.Errorf("the graph saw permissions %q, want %q", seen.Permissions, want)
		}
		if got := string(seen.Configurable["langgraph_auth_permissions"]); got != `["me","read"]` {
			t.Errorf("configurable.langgraph_auth_permissions is %s", got)
		}
	})
}
