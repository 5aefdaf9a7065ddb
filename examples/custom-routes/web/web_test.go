package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/examples/custom-routes/agent"
	"github.com/locutory/locutory/examples/custom-routes/security"
	"github.com/locutory/locutory/examples/custom-routes/web"
	"github.com/locutory/locutory/platform"
	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/sdk"
)

// serve starts the server that platform.json describes, and returns its URL.
func serve(t *testing.T) string {
	t.Helper()
	t.Setenv("JWT_SECRET", strings.Repeat("0123456789abcdef", 2))
	text, err := os.ReadFile("../platform.json")
	if err != nil {
		t.Fatal(err)
	}
	file, err := config.Parse(t.TempDir()+"/platform.json", text)
	if err != nil {
		t.Fatal(err)
	}
	process, err := config.ReadProcess(func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	server, err := platform.New(t.Context(), platform.Config{File: file, Process: process, Parts: platform.Parts{
		Graphs: []platform.Graph{{ID: "greeter", Source: agent.Graph, Symbol: "./agent:Graph"}},
		Auth:   security.New, AuthSymbol: "./security:New", App: web.New, AppSymbol: "./web:New",
	}})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, listener, nil) }()
	t.Cleanup(func() {
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return "http://" + listener.Addr().String()
}

// call sends a request, and reads JSON into out unless it is nil.
func call(t *testing.T, token, method, url, body string, out any) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if out != nil {
		if err := json.NewDecoder(bytes.NewReader(data)).Decode(out); err != nil {
			t.Fatalf("%s %s: %d %s", method, url, response.StatusCode, data)
		}
	}
	return response
}

func login(t *testing.T, url, user, password string) string {
	t.Helper()
	var out struct{ Token string }
	call(t, "", http.MethodPost, url+"/login", `{"user": "`+user+`", "password": "`+password+`"}`, &out)
	return out.Token
}

// TestLoginThenOnesOwn: a token of the login opens the server's routes and the app's, and shows nothing of anybody else.
func TestLoginThenOnesOwn(t *testing.T) {
	url := serve(t)
	alice, bob := login(t, url, "alice", "wonderland"), login(t, url, "bob", "builder")
	if alice == "" || bob == "" || alice == bob {
		t.Fatalf("tokens: %q, %q", alice, bob)
	}
	client, err := sdk.New(sdk.Config{URL: url, Token: alice, Header: http.Header{"Accept-Language": {"de-AT,en;q=0.5"}}})
	if err != nil {
		t.Fatal(err)
	}
	thread, err := client.Threads.Create(t.Context(), sdk.ThreadCreate{})
	if err != nil {
		t.Fatal(err)
	}
	var state struct{ Messages []sdk.Message }
	if _, err := client.Runs.Wait(t.Context(), thread.ThreadID, "greeter", sdk.RunCreate{Input: sdk.Messages(sdk.Human("hi"))}, &state); err != nil {
		t.Fatal(err)
	}
	if got := state.Messages[len(state.Messages)-1].Text(); got != "Guten Tag, Alice." {
		t.Errorf("the agent said %q", got)
	}
	for token, want := range map[string]web.Digest{
		alice: {User: "Alice", Threads: 1, Last: []string{thread.ThreadID}},
		bob:   {User: "Bob", Threads: 0, Last: []string{}},
	} {
		var got web.Digest
		if response := call(t, token, http.MethodGet, url+"/digest", "", &got); response.Header.Get("Cache-Control") != "no-store" {
			t.Error("the middleware was not asked")
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("digest (-want +got):\n%s", diff)
		}
	}
}

func TestNobodyGetsIn(t *testing.T) {
	url := serve(t)
	for _, body := range []string{
		`{"user": "alice", "password": ""}`, `{"user": "alice", "password": "builder"}`, `{"user": "", "password": ""}`, `{"user": "mallory", "password": ""}`, `{}`,
	} {
		if response := call(t, "", http.MethodPost, url+"/login", body, nil); response.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: %d", body, response.StatusCode)
		}
	}
	for _, token := range []string{"", "nonsense", login(t, url, "alice", "wonderland") + "x"} {
		for _, at := range []string{"/digest", "/threads/search"} {
			method := http.MethodGet
			if at != "/digest" {
				method = http.MethodPost
			}
			if response := call(t, token, method, url+at, "", nil); response.StatusCode != http.StatusUnauthorized {
				t.Errorf("%s with %q: %d", at, token, response.StatusCode)
			}
		}
	}
}

// The description tells which of the app's routes are open.
func TestDescribed(t *testing.T) {
	url := serve(t)
	var doc struct {
		Paths map[string]map[string]struct {
			Security *[]map[string][]string `json:"security"`
		}
	}
	call(t, "", http.MethodGet, url+"/openapi.json", "", &doc)
	if open := doc.Paths["/login"]["post"].Security; open == nil || len(*open) != 0 {
		t.Errorf("POST /login: security is %v, want none", open)
	}
	if closed := doc.Paths["/digest"]["get"].Security; closed != nil {
		t.Errorf("GET /digest: security is %v, want that of the server", *closed)
	}
}
