package jwt_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	gojwt "github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/authhooks/jwt"
)

var (
	secret = []byte(strings.Repeat("s", 64))
	now    = time.Now().Truncate(time.Second)
)

func sign(t *testing.T, method gojwt.SigningMethod, key any, claims gojwt.MapClaims) string {
	t.Helper()
	token, err := gojwt.NewWithClaims(method, claims).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func claims(change ...func(gojwt.MapClaims)) gojwt.MapClaims {
	c := gojwt.MapClaims{
		"sub": "johndoe", "name": "John", "scope": "threads:read threads:write", "iss": "https://login", "aud": []string{"chat", "mail"},
		"exp": now.Add(time.Minute).Unix(),
	}
	for _, f := range change {
		f(c)
	}
	return c
}

func set(key string, value any) func(gojwt.MapClaims) {
	return func(c gojwt.MapClaims) { c[key] = value }
}

func without(key string) func(gojwt.MapClaims) {
	return func(c gojwt.MapClaims) { delete(c, key) }
}

func verifier(t *testing.T, change func(*jwt.Config)) *jwt.Verifier {
	t.Helper()
	c := jwt.Config{Secret: secret, Issuer: "https://login", Audience: "chat", Now: func() time.Time { return now }}
	if change != nil {
		change(&c)
	}
	v, err := jwt.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVerify(t *testing.T) {
	t.Parallel()
	user, err := verifier(t, nil).Verify(t.Context(), sign(t, gojwt.SigningMethodHS256, secret, claims()))
	if err != nil {
		t.Fatal(err)
	}
	want := &authhooks.User{Identity: "johndoe", DisplayName: "John", Permissions: []string{"threads:read", "threads:write"}, Expires: now.Add(time.Minute)}
	if diff := cmp.Diff(want, user, cmp.AllowUnexported(authhooks.User{})); diff != "" {
		t.Error(diff)
	}
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	good := sign(t, gojwt.SigningMethodHS256, secret, claims())
	parts := strings.Split(good, ".")
	unsigned := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + parts[1] + "."
	hs := func(change ...func(gojwt.MapClaims)) string {
		return sign(t, gojwt.SigningMethodHS256, secret, claims(change...))
	}
	tests := map[string]struct{ token, detail string }{
		"expired":                {hs(set("exp", now.Add(-time.Second).Unix())), "Token expired"},
		"expires now":            {hs(set("exp", now.Unix())), "Token expired"},
		"no exp":                 {hs(without("exp")), "Invalid token"},
		"exp is null":            {hs(set("exp", nil)), "Invalid token"},
		"exp is text":            {hs(set("exp", "tomorrow")), "Invalid token"},
		"not yet":                {hs(set("nbf", now.Add(time.Minute).Unix())), "Invalid token"},
		"another issuer":         {hs(set("iss", "https://evil")), "Invalid token"},
		"no issuer":              {hs(without("iss")), "Invalid token"},
		"another audience":       {hs(set("aud", "mail")), "Invalid token"},
		"no audience":            {hs(without("aud")), "Invalid token"},
		"no subject":             {hs(without("sub")), "Invalid token"},
		"an empty subject":       {hs(set("sub", "")), "Invalid token"},
		"a subject that is none": {hs(set("sub", 7)), "Invalid token"},
		"another secret":         {sign(t, gojwt.SigningMethodHS256, []byte("x"), claims()), "Invalid token"},
		"an algorithm not listed": {
			sign(t, gojwt.SigningMethodHS512, secret, claims()), "Invalid token",
		},
		"none":                   {sign(t, gojwt.SigningMethodNone, gojwt.UnsafeAllowNoneSignatureType, claims()), "Invalid token"},
		"none, by hand":          {unsigned, "Invalid token"},
		"RSA":                    {sign(t, gojwt.SigningMethodRS256, rsaKey, claims()), "Invalid token"},
		"no signature":           {parts[0] + "." + parts[1] + ".", "Invalid token"},
		"another payload":        {parts[0] + "." + strings.Split(hs(set("sub", "root")), ".")[1] + "." + parts[2], "Invalid token"},
		"two parts":              {parts[0] + "." + parts[1], "Invalid token"},
		"rubbish":                {"rubbish", "Invalid token"},
		"a signature with slack": {good + "=", "Invalid token"},
	}
	v := verifier(t, nil)
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			user, err := v.Verify(t.Context(), tt.token)
			var e *authhooks.Error
			if user != nil || !errors.As(err, &e) || e.Status != http.StatusUnauthorized || e.Detail != tt.detail {
				t.Fatalf("got %v, %v, want 401 %s", user, err, tt.detail)
			}
			if challenge := e.Header.Get("WWW-Authenticate"); !strings.HasPrefix(challenge, `Bearer error="invalid_token"`) {
				t.Errorf("the challenge is %q", challenge)
			}
		})
	}
}

func TestLeeway(t *testing.T) {
	t.Parallel()
	v := verifier(t, func(c *jwt.Config) { c.Leeway = time.Minute })
	exp := now.Add(-59 * time.Second)
	user, err := v.Verify(t.Context(), sign(t, gojwt.SigningMethodHS256, secret, claims(set("exp", exp.Unix()))))
	if err != nil || !user.Expires.Equal(exp.Add(time.Minute)) {
		t.Errorf("got %#v, %v", user, err)
	}
	if _, err := v.Verify(t.Context(), sign(t, gojwt.SigningMethodHS256, secret, claims(set("exp", now.Add(-time.Minute).Unix())))); err == nil {
		t.Error("a minute after it still counts")
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]jwt.Config{
		"no secret":                     {},
		"a short secret":                {Secret: secret[:31]},
		"a secret too short for HS512":  {Secret: secret[:63], Algorithms: []string{"HS256", "HS512"}},
		"none":                          {Secret: secret, Algorithms: []string{"none"}},
		"an algorithm of other keys":    {Secret: secret, Algorithms: []string{"RS256"}},
		"an unknown algorithm":          {Secret: secret, Algorithms: []string{"HS1"}},
		"more than a minute of leeway":  {Secret: secret, Leeway: time.Minute + 1},
		"less than no leeway":           {Secret: secret, Leeway: -1},
		"one good algorithm, one wrong": {Secret: secret, Algorithms: []string{"HS256", "none"}},
	} {
		if v, err := jwt.New(c); err == nil || v != nil {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
	if _, err := jwt.New(jwt.Config{Secret: secret[:32]}); err != nil {
		t.Error(err)
	}
}

// AC-33 to AC-35: who is known, and what his token and his grants both permit.
func TestHooksByToken(t *testing.T) {
	t.Parallel()
	grants := map[string][]string{"johndoe": {"assistants:*", "threads:read"}}
	v := verifier(t, func(c *jwt.Config) {
		c.User = func(_ context.Context, claims jwt.Claims) (*authhooks.User, error) {
			identity, err := claims.GetSubject()
			if err != nil {
				return nil, err
			}
			granted, ok := grants[identity]
			if !ok {
				return nil, authhooks.Unauthenticated("User not found")
			}
			return &authhooks.User{Identity: identity, Permissions: jwt.Permissions(jwt.Scopes(claims), granted)}, nil
		}
	})
	auth := authhooks.New(v.Authenticate,
		authhooks.On(authhooks.Assistants, authhooks.Create, authhooks.Require("assistants:write", authhooks.OwnerOnly("owner"))))
	login := func(change ...func(gojwt.MapClaims)) (*authhooks.User, error) {
		r := &authhooks.Request{Header: http.Header{}}
		r.Header.Set("Authorization", "Bearer "+sign(t, gojwt.SigningMethodHS256, secret, claims(change...)))
		return auth.Authenticate(t.Context(), r)
	}
	if user, err := login(set("sub", "stranger")); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("AC-33: got %v, %v", user, err)
	}
	for scope, want := range map[string]bool{"me": false, "assistants:write": true, "assistants:read": false, "": false} {
		user, err := login(set("scope", scope))
		if err != nil {
			t.Fatal(err)
		}
		_, err = auth.Decide(t.Context(), &authhooks.Call{User: user, Value: &authhooks.AssistantsCreate{}})
		if (err == nil) != want {
			t.Errorf("AC-34: with %q: %v", scope, err)
		}
	}
	user, err := login(set("scope", "threads:* assistants:write admin"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"assistants:write", "threads:read"}, user.Permissions); diff != "" {
		t.Errorf("AC-35: %s", diff)
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ scopes, granted, want []string }{
		{[]string{"a", "b"}, []string{"b", "c"}, []string{"b"}},
		{[]string{"*"}, []string{"b", "c"}, []string{"b", "c"}},
		{[]string{"b"}, []string{"*"}, []string{"b"}},
		{[]string{"t:*"}, []string{"t:*"}, []string{"t:*"}},
		{[]string{"t:*"}, []string{"u:*"}, []string{}},
		{nil, []string{"*"}, []string{}},
		{[]string{"*"}, nil, []string{}},
	} {
		if diff := cmp.Diff(tt.want, jwt.Permissions(tt.scopes, tt.granted)); diff != "" {
			t.Errorf("%v of %v: %s", tt.scopes, tt.granted, diff)
		}
	}
}

func TestScopes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		claims jwt.Claims
		want   []string
	}{
		"words":          {jwt.Claims{"scope": " a  b "}, []string{"a", "b"}},
		"a list":         {jwt.Claims{"scopes": []any{"a", 1, "b"}}, []string{"a", "b"}},
		"a scope list":   {jwt.Claims{"scope": []any{"a"}}, []string{"a"}},
		"none":           {jwt.Claims{}, []string{}},
		"something else": {jwt.Claims{"scope": 7, "scopes": "a"}, []string{}},
	} {
		if diff := cmp.Diff(tt.want, jwt.Scopes(tt.claims)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func ExampleNew() {
	newAuth := func(secret []byte, rules ...authhooks.Rule) (*authhooks.Auth, error) {
		verifier, err := jwt.New(jwt.Config{Secret: secret, Issuer: "https://login.example.com", Audience: "chat"})
		if err != nil {
			return nil, err
		}
		return authhooks.New(verifier.Authenticate, rules...), nil
	}
	_, err := newAuth([]byte("too short"))
	fmt.Println(err)
	// Output: jwt: the secret has 9 bytes; HS256 needs 32
}
