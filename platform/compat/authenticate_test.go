package compat

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// The first tutorial: the server knows who is asking and nothing more.

func TestAC1NoCredentialsAre401(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, basicAuth(), uri)
		a := s.must(401, "", "POST", "/threads", `{}`)
		if got := a.Header.Get("WWW-Authenticate"); got != "Bearer" {
			t.Errorf("WWW-Authenticate is %q, want Bearer", got)
		}
		if a.field(t, "detail") == "" {
			t.Errorf("no detail in %s", a.Body)
		}
	})
}

func TestAC2MalformedCredentialsAre401(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, basicAuth(), uri)
		for name, values := range map[string][]string{
			"another scheme":  {"Basic x"},
			"no token":        {"Bearer"},
			"an empty token":  {"Bearer "},
			"three words":     {"Bearer user1-token more"},
			"two spaces":      {"Bearer  user1-token"},
			"no scheme":       {"user1-token"},
			"a list":          {"Bearer user1-token, Bearer user2-token"},
			"two headers":     {"Bearer user1-token", "Bearer user2-token"},
			"the same, twice": {"Bearer user1-token", "Bearer user1-token"},
			"an empty second": {"Bearer user1-token", ""},
		} {
			r := s.request("", "POST", "/threads", `{}`)
			r.Header["Authorization"] = values
			if a := s.send(r); a.Status != http.StatusUnauthorized || a.Header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s: status %d: %s", name, a.Status, a.Body)
			}
		}
		s.must(200, alice, "POST", "/threads", `{}`)
	})
}

func TestAC3AC4Tokens(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, basicAuth(), uri)
		if got := s.must(401, "nope", "POST", "/threads", `{}`).field(t, "detail"); got != "Invalid token" {
			t.Errorf("AC-3: detail is %q", got)
		}
		for _, scheme := range []string{"bearer", "BEARER", "Bearer"} {
			r := s.request("", "POST", "/threads", `{}`)
			r.Header.Set("Authorization", scheme+" user1-token")
			a := s.send(r)
			if a.Status != http.StatusOK || a.field(t, "thread_id") == "" {
				t.Errorf("AC-4: %s: status %d: %s", scheme, a.Status, a.Body)
			}
		}
	})
}

func TestAC5AC6RunsAndSharedThreads(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, basicAuth(), uri)
		thread := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		made := s.must(200, alice, "POST", "/threads/"+thread+"/runs", hello)
		if got := made.field(t, "status"); got != "pending" {
			t.Errorf("AC-5: the run is %s, want pending", got)
		}
		run := "/threads/" + thread + "/runs/" + made.field(t, "run_id")
		if joined := s.must(200, alice, "GET", run+"/join", ""); !strings.Contains(string(joined.Body), "echo: hello") {
			t.Errorf("AC-5: the run ended with %s", joined.Body)
		}
		if got := s.must(200, alice, "GET", run, "").field(t, "status"); got != "success" {
			t.Errorf("AC-5: the run is %s, want success", got)
		}
		if got := s.must(200, bob, "GET", "/threads/"+thread, "").field(t, "thread_id"); got != thread {
			t.Errorf("AC-6: Bob reads %s, want %s", got, thread)
		}
	})
}

func TestAC7OpenRoutes(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, basicAuth(), uri)
		for _, path := range []string{"/ok", "/ok?check_db=1", "/info"} {
			s.must(200, "", "GET", path, "")
			s.must(200, "nope", "GET", path, "")
		}
	})
}

// R-14 and H-41: whatever a client says of it.
func TestAC9TheGraphKnowsItsCaller(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, basicAuth(whoami()), uri)
		spoof := `{"langgraph_auth_user_id": "user2", "langgraph_auth_user": {"identity": "user2"}, "langgraph_auth_permissions": ["admin"],
			"user_id": "user2", "__identity": "user2", "principal": "user2"}`
		assistant := s.must(200, alice, "POST", "/assistants", `{"graph_id": "whoami", "config": {"configurable": `+spoof+`}, "metadata": `+spoof+`}`).
			field(t, "assistant_id")
		contextual := s.must(200, alice, "POST", "/assistants", `{"graph_id": "whoami", "context": `+spoof+`}`).field(t, "assistant_id")
		thread := s.must(200, alice, "POST", "/threads", `{"metadata": `+spoof+`}`).field(t, "thread_id")
		for name, body := range map[string]string{
			"nothing":            `{"assistant_id": "whoami"}`,
			"configurable":       `{"assistant_id": "whoami", "config": {"configurable": ` + spoof + `}}`,
			"context":            `{"assistant_id": "whoami", "context": ` + spoof + `}`,
			"metadata":           `{"assistant_id": "whoami", "metadata": ` + spoof + `}`,
			"config's metadata":  `{"assistant_id": "whoami", "config": {"metadata": ` + spoof + `}}`,
			"config itself":      `{"assistant_id": "whoami", "config": ` + spoof + `}`,
			"the body":           `{"assistant_id": "whoami", "langgraph_auth_user_id": "user2", "user_id": "user2"}`,
			"checkpoint":         `{"assistant_id": "whoami", "checkpoint": ` + spoof + `}`,
			"assistant's config": `{"assistant_id": "` + assistant + `"}`,
			"assistant's ctx":    `{"assistant_id": "` + contextual + `"}`,
		} {
			body := strings.Replace(body, "{", `{"input": {"word": "who?"}, `, 1)
			for _, path := range []string{"/threads/" + thread + "/runs/wait", "/runs/wait"} {
				r := s.request(alice, "POST", path, body)
				for _, header := range []string{"X-User-Id", "Langgraph_auth_user_id", "X-Langgraph-Auth-User-Id", "X-Auth-User"} {
					r.Header.Set(header, "user2")
				}
				a := s.send(r)
				if a.Status != http.StatusOK {
					t.Errorf("%s: status %d: %s", name, a.Status, a.Body)
					continue
				}
				isAlice(t, name+" on "+path, a)
			}
		}
	})
}

// R-14 for graphs that read their settings into a struct: encoding/json takes the keys in any case, so no other spelling of a reserved key
// says who the user is either.
func TestAC9NoSpellingSaysWhoTheUserIs(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, basicAuth(reader()), uri)
		for _, key := range []string{"user_id", "USER_ID", "User_Id", "u\u017fer_id", "U\u017fER_ID"} {
			spoof := `{"word": "said", "` + key + `": "user2"}`
			assistant := s.must(200, alice, "POST", "/assistants", `{"graph_id": "reader", "context": `+spoof+`}`).field(t, "assistant_id")
			configured := s.must(200, alice, "POST", "/assistants", `{"graph_id": "reader", "config": {"configurable": `+spoof+`}}`).field(t, "assistant_id")
			for about, more := range map[string]string{
				"context":            `"assistant_id": "reader", "context": ` + spoof,
				"configurable":       `"assistant_id": "reader", "config": {"configurable": ` + spoof + `}`,
				"Configurable":       `"assistant_id": "reader", "config": {"Configurable": ` + spoof + `}`,
				"assistant's ctx":    `"assistant_id": "` + assistant + `"`,
				"assistant's config": `"assistant_id": "` + configured + `"`,
			} {
				a := s.must(200, alice, "POST", "/runs/wait", `{"input": {"word": "who?"}, `+more+`}`)
				var read reading
				if a.into(t, &read); read.Word != "said" || read.UserID != "" && read.UserID != "user1" {
					t.Errorf("%q in %s: the graph read %s", key, about, a.Body)
				}
			}
		}
	})
}

// isAlice holds what the graph whoami saw against what is Alice.
func isAlice(t *testing.T, about string, a answer) {
	t.Helper()
	var seen sighting
	a.into(t, &seen)
	if seen.Identity != "user1" {
		t.Errorf("%s: the graph saw the user %q: %s", about, seen.Identity, a.Body)
	}
	if len(seen.Permissions) > 0 {
		t.Errorf("%s: the graph saw permissions %q", about, seen.Permissions)
	}
	for key, want := range map[string]string{"langgraph_auth_user_id": `"user1"`, "user_id": `"user1"`} {
		if got, ok := seen.Configurable[key]; !ok || string(got) != want {
			t.Errorf("%s: configurable.%s is %s, want %s", about, key, got, want)
		}
	}
	for _, key := range []string{"__identity", "principal"} {
		if got, ok := seen.Configurable[key]; ok {
			t.Errorf("%s: configurable.%s is %s; it is reserved (R-14)", about, key, got)
		}
	}
	var user struct{ Identity string }
	if raw := seen.Configurable["langgraph_auth_user"]; json.Unmarshal(raw, &user) != nil || user.Identity != "user1" {
		t.Errorf("%s: configurable.langgraph_auth_user is %s", about, raw)
	}
	var permissions []string
	if raw := seen.Configurable["langgraph_auth_permissions"]; len(raw) > 0 && (json.Unmarshal(raw, &permissions) != nil || slices.Contains(permissions, "admin")) {
		t.Errorf("%s: configurable.langgraph_auth_permissions is %s", about, raw)
	}
}

func TestAC10Preflight(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, basicAuth(), uri)
		for _, path := range []string{"/threads", "/threads/search", "/runs/wait", "/nowhere", "/ok"} {
			r := s.request("", "OPTIONS", path, "")
			r.Header.Set("Origin", "https://app.example")
			r.Header.Set("Access-Control-Request-Method", "POST")
			r.Header.Set("Access-Control-Request-Headers", "authorization, content-type")
			a := s.send(r)
			if a.Status != http.StatusNoContent && a.Status != http.StatusOK {
				t.Errorf("OPTIONS %s: status %d", path, a.Status)
			}
			allows := a.Header.Get("Access-Control-Allow-Headers")
			if !strings.Contains(a.Header.Get("Access-Control-Allow-Methods"), "POST") || !strings.Contains(strings.ToLower(allows), "authorization") {
				t.Errorf("OPTIONS %s: the preflight does not allow the request: %v", path, a.Header)
			}
		}
		for _, token := range []string{"", "nope"} {
			r := s.request(token, "POST", "/threads", `{}`)
			r.Header.Set("Origin", "https://app.example")
			a := s.send(r)
			if a.Status != http.StatusUnauthorized || a.Header.Get("Access-Control-Allow-Origin") != "https://app.example" {
				t.Errorf("401 for %q: status %d, headers %v", token, a.Status, a.Header)
			}
			r = s.request(token, "POST", "/threads", `{}`)
			r.Header.Set("Origin", "https://evil.example")
			if a := s.send(r); a.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("an origin that is not listed is allowed: %v", a.Header)
			}
		}
	})
}
