package authhooks_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/locutory/locutory/authhooks"
)

// AC-1 to AC-4.
func TestBearer(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		headers []string
		token   string // "" is a 401
	}{
		"a token":                    {[]string{"Bearer abc.def-_~+/="}, "abc.def-_~+/="},
		"AC-4: lower case":           {[]string{"bearer abc"}, "abc"},
		"AC-4: upper case":           {[]string{"BEARER abc"}, "abc"},
		"AC-1: no header":            {nil, ""},
		"AC-1: an empty header":      {[]string{""}, ""},
		"AC-2: another scheme":       {[]string{"Basic x"}, ""},
		"AC-2: the scheme alone":     {[]string{"Bearer"}, ""},
		"AC-2: the scheme, a space":  {[]string{"Bearer "}, ""},
		"AC-2: three words":          {[]string{"Bearer a b"}, ""},
		"AC-2: two spaces":           {[]string{"Bearer  abc"}, ""},
		"AC-2: a space after":        {[]string{"Bearer abc "}, ""},
		"AC-2: a tab":                {[]string{"Bearer\tabc"}, ""},
		"AC-2: a tab in the token":   {[]string{"Bearer a\tb"}, ""},
		"a space before":             {[]string{" Bearer abc"}, ""},
		"two headers":                {[]string{"Bearer abc", "Bearer abc"}, ""},
		"two headers, one empty":     {[]string{"Bearer abc", ""}, ""},
		"a scheme that begins alike": {[]string{"BearerX abc"}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := withHeader("Authorization", tt.headers...)
			token, err := r.Bearer()
			if token != tt.token || (err == nil) != (tt.token != "") {
				t.Fatalf("got %q, %v, want %q", token, err, tt.token)
			}
			asked := false
			auth := authhooks.New(authhooks.Bearer(func(_ context.Context, token string) (*authhooks.User, error) {
				asked = true
				return &authhooks.User{Identity: "user of " + token}, nil
			}))
			_, err = auth.Authenticate(t.Context(), r)
			if tt.token == "" && (statusOf(err) != 401 || asked) {
				t.Errorf("got %v, asked %v, want 401", err, asked)
			}
			if tt.token != "" && err != nil {
				t.Error(err)
			}
		})
	}
}

func TestHeaderIsSentOnce(t *testing.T) {
	t.Parallel()
	auth := authhooks.New(authhooks.Header("X-Api-Key", func(_ context.Context, key string) (*authhooks.User, error) {
		return &authhooks.User{Identity: key}, nil
	}))
	if user, err := auth.Authenticate(t.Context(), withHeader("X-Api-Key", "k1")); err != nil || user.Identity != "k1" {
		t.Errorf("got %v, %v", user, err)
	}
	for name, r := range map[string]*authhooks.Request{
		"none": withHeader("X-Api-Key"), "empty": withHeader("X-Api-Key", ""), "two": withHeader("X-Api-Key", "k1", "k1"), "no headers": {},
	} {
		if user, err := auth.Authenticate(t.Context(), r); statusOf(err) != 401 {
			t.Errorf("%s: got %v, %v, want 401", name, user, err)
		}
	}
}

func TestCookie(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		cookies []string
		want    string
	}{
		"one":             {[]string{"a=1; session=s"}, "s"},
		"none":            {[]string{"a=1"}, ""},
		"empty":           {[]string{"session="}, ""},
		"two":             {[]string{"session=s; session=t"}, ""},
		"in two headers":  {[]string{"session=s", "session=t"}, ""},
		"no header":       {nil, ""},
		"another's start": {[]string{"session2=s"}, ""},
	} {
		got, err := withHeader("Cookie", tt.cookies...).Cookie("session")
		if got != tt.want || (statusOf(err) == 401) != (tt.want == "") {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, tt.want)
		}
	}
}

func TestFirstOf(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	auth := authhooks.New(authhooks.FirstOf(
		authhooks.Bearer(func(_ context.Context, token string) (*authhooks.User, error) {
			switch token {
			case "good":
				return &authhooks.User{Identity: "by token"}, nil
			case "down":
				return nil, authhooks.Unavailable(down)
			case "blocked":
				return nil, &authhooks.Error{Status: http.StatusForbidden, Detail: "blocked"}
			case "unknown":
				return nil, nil
			}
			return nil, authhooks.Unauthenticated("Invalid token")
		}),
		authhooks.Header("X-Api-Key", func(_ context.Context, key string) (*authhooks.User, error) {
			if key == "good" {
				return &authhooks.User{Identity: "by key"}, nil
			}
			return nil, authhooks.Unauthenticated("Invalid key")
		}),
	))
	for name, tt := range map[string]struct {
		authorization, key string
		identity           string
		status             int
		detail             string
	}{
		"the first":                            {"Bearer good", "", "by token", 0, ""},
		"the second":                           {"", "good", "by key", 0, ""},
		"a 401 moves on":                       {"Bearer bad", "good", "by key", 0, ""},
		"nobody moves on":                      {"Bearer unknown", "good", "by key", 0, ""},
		"an outage does not":                   {"Bearer down", "good", "", 503, "temporarily unavailable"},
		"a 403 does not":                       {"Bearer blocked", "good", "", 403, "blocked"},
		"the detail is of the token":           {"Bearer bad", "", "", 401, "Invalid token"},
		"the detail is of the key":             {"", "bad", "", 401, "Invalid key"},
		"the detail is of the first that fits": {"Bearer bad", "bad", "", 401, "Invalid token"},
		"nothing":                              {"", "", "", 401, "Unauthorized"},
	} {
		r := &authhooks.Request{Header: http.Header{}}
		if tt.authorization != "" {
			r.Header.Set("Authorization", tt.authorization)
		}
		if tt.key != "" {
			r.Header.Set("X-Api-Key", tt.key)
		}
		user, err := auth.Authenticate(t.Context(), r)
		if tt.identity != "" {
			if err != nil || user.Identity != tt.identity {
				t.Errorf("%s: got %v, %v, want %s", name, user, err, tt.identity)
			}
			continue
		}
		var e *authhooks.Error
		if !errors.As(err, &e) || e.Status != tt.status || e.Detail != tt.detail {
			t.Errorf("%s: got %v, %v, want %d %s", name, user, err, tt.status, tt.detail)
		}
	}
	if _, err := authhooks.New(authhooks.FirstOf()).Authenticate(t.Context(), withHeader("X")); statusOf(err) != 401 {
		t.Errorf("FirstOf of nothing: %v, want 401", err)
	}
}
