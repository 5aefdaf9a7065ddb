package compat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform"
	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/platform/store/storetest"
	"github.com/locutory/locutory/sdk"
)

// host is an app whose routes use the server that they are beside.
type host struct {
	*platform.Host
	mux   *http.ServeMux
	calls []string // of Start and Stop
}

func newHost() *host {
	h := &host{mux: http.NewServeMux()}
	h.handle("GET /mine", func(ctx context.Context, client *sdk.Client, r *http.Request) (any, error) {
		return client.Threads.Search(ctx, sdk.ThreadSearch{Limit: 100})
	})
	h.handle("GET /peek/{thread}", func(ctx context.Context, client *sdk.Client, r *http.Request) (any, error) {
		return client.Threads.Get(ctx, r.PathValue("thread"))
	})
	h.handle("POST /say/{thread}", func(ctx context.Context, client *sdk.Client, r *http.Request) (any, error) {
		var events []string
		for event, err := range client.Runs.Stream(ctx, r.PathValue("thread"), "agent", sdk.RunCreate{Input: sdk.Messages(sdk.Human("hello"))}) {
			if err != nil {
				return nil, err
			}
			events = append(events, event.Name+" "+string(event.Data))
		}
		return events, nil
	})
	h.handle("GET /open", func(context.Context, *sdk.Client, *http.Request) (any, error) { return "reached", nil })
	h.mux.HandleFunc("GET /whoami", func(w http.ResponseWriter, r *http.Request) {
		user, ok := platform.UserFrom(r.Context())
		if !ok {
			user = &authhooks.User{Identity: "nobody"}
		}
		identity := user.Identity
		user.Identity = "user2" // the copy is one's own
		client, err := h.Client(r.Context())
		if err != nil {
			http.Error(w, err.Error(), http.StatusTeapot)
			return
		}
		thread, err := client.Threads.Create(r.Context(), sdk.ThreadCreate{})
		if err != nil {
			http.Error(w, err.Error(), http.StatusTeapot)
			return
		}
		_, _ = fmt.Fprintf(w, "%s %v", identity, thread.Metadata["owner"])
	})
	return h
}

func (h *host) handle(pattern string, do func(context.Context, *sdk.Client, *http.Request) (any, error)) {
	h.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		client, err := h.Client(r.Context())
		var out any
		if err == nil {
			out, err = do(r.Context(), client, r)
		}
		var refused *sdk.Error
		switch {
		case errors.As(err, &refused):
			http.Error(w, refused.Detail, refused.Status)
		case err != nil:
			http.Error(w, err.Error(), http.StatusTeapot)
		default:
			_ = json.NewEncoder(w).Encode(out)
		}
	})
}

func (h *host) app() platform.App {
	return platform.App{
		Handler: h.mux, Public: []string{"GET /open"},
		Start: func(ctx context.Context, started *platform.Host) error {
			h.calls = append(h.calls, "start")
			h.Host = started
			if _, err := started.Client(ctx); err == nil {
				return errors.New("somebody is there before anyone has called")
			}
			return nil
		},
		Stop: func(ctx context.Context) error {
			if _, ok := ctx.Deadline(); !ok {
				return errors.New("no deadline")
			}
			h.calls = append(h.calls, "stop")
			return nil
		},
	}
}

// withApp adds an app to a server's parts.
func withApp(parts platform.Parts, app any, http string) platform.Parts {
	parts.App, parts.AppSymbol = app, "./web:App"
	if http != "" {
		http = ", " + http
	}
	parts.Platform = strings.TrimSuffix(strings.TrimSpace(parts.Platform), "}") + `, "http": {"app": "./web:App"` + http + `}}`
	return parts
}

// TestHostClientActsAsTheCaller: a route of the operator's sees of the server what its caller may see, and nothing else.
func TestHostClientActsAsTheCaller(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		for _, prefix := range []string{"", "/v1"} {
			h := newHost()
			s := serve(t, withApp(privateChat(), h.app(), `"mount_prefix": "`+prefix+`"`), uri)
			s.URL += prefix
			theirs := s.must(200, bob, "POST", "/threads", `{"metadata": {"note": "bobs"}}`).field(t, "thread_id")
			mine := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")

			found := s.must(200, alice, "GET", "/mine", "")
			if !strings.Contains(string(found.Body), mine) || strings.Contains(string(found.Body), theirs) || strings.Contains(string(found.Body), "bobs") {
				t.Errorf("Alice's route finds %s", found.Body)
			}
			hidden := s.must(404, alice, "GET", "/peek/"+theirs, "")
			unknown := s.must(404, alice, "GET", "/peek/01234567-89ab-7def-8123-456789abcdef", "")
			if got, want := strings.ReplaceAll(string(hidden.Body), theirs, "ID"), strings.ReplaceAll(string(unknown.Body), "01234567-89ab-7def-8123-456789abcdef", "ID"); got != want {
				t.Errorf("Bob's thread is %q, an unknown one %q", got, want)
			}
			s.must(404, alice, "POST", "/say/"+theirs, "")
			said := s.must(200, alice, "POST", "/say/"+mine, "")
			if !strings.Contains(string(said.Body), "echo: hello") {
				t.Errorf("the stream inside told %s", said.Body)
			}
			if got := string(s.must(200, alice, "GET", "/whoami", "").Body); got != "user1 user1" {
				t.Errorf("whoami: %q", got)
			}
			s.must(401, "", "GET", "/mine", "")
			s.must(401, "nonsense", "GET", "/mine", "")
			if a := s.must(http.StatusTeapot, "", "GET", "/open", ""); !strings.Contains(string(a.Body), "no authenticated request") {
				t.Errorf("a public route has a client: %s", a.Body)
			}
			// Credentials on a public route are not asked for, and so they make nobody somebody.
			s.must(http.StatusTeapot, alice, "GET", "/open", "")
		}
	})
}

// A stream inside ends with the request that it is for, and nothing goes on answering.
func TestHostStreamsEndWithTheirContext(t *testing.T) {
	t.Parallel()
	h := newHost()
	streamed := make(chan error, 1)
	begun := make(chan struct{})
	h.mux.HandleFunc("GET /endless", func(_ http.ResponseWriter, r *http.Request) {
		client, err := h.Client(r.Context())
		if err != nil {
			streamed <- err
			return
		}
		var once sync.Once
		for _, err := range client.Runs.Stream(r.Context(), sdk.Stateless, "gated", sdk.RunCreate{Input: sdk.Messages(sdk.Human("wait")), OnDisconnect: "cancel"}) {
			once.Do(func() { close(begun) })
			if err != nil {
				streamed <- err
				return
			}
		}
		streamed <- nil
	})
	s := serve(t, withApp(privateChat(gated(make(chan struct{}))), h.app(), ""), storetest.SQLite(t).URI)
	ctx, leave := context.WithCancel(t.Context())
	r := s.request(alice, "GET", "/endless", "").WithContext(ctx)
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		if response, err := http.DefaultClient.Do(r); err == nil {
			_ = response.Body.Close()
		}
	}()
	<-begun
	leave()
	<-gone
	select {
	case err := <-streamed:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("the stream ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the stream goes on")
	}
}

// TestAppLifecycle: start before anyone is answered, stop after the last; an error of the start stops it.
func TestAppLifecycle(t *testing.T) {
	t.Parallel()
	h := newHost()
	t.Run("serves", func(t *testing.T) {
		s := serve(t, withApp(privateChat(), h.app(), ""), storetest.SQLite(t).URI)
		s.must(200, alice, "GET", "/mine", "")
	})
	if !slices.Equal(h.calls, []string{"start", "stop"}) {
		t.Errorf("calls: %v", h.calls)
	}
	h.calls = nil
	if err := startOnce(t, withApp(privateChat(), h.app(), "")); err != nil || !slices.Equal(h.calls, []string{"start", "stop"}) {
		t.Errorf("started and closed: %v, %v", h.calls, err)
	}
	h.calls = nil
	if err := workOnce(t, withApp(privateChat(), h.app(), "")); err != nil || !slices.Equal(h.calls, []string{"start", "stop"}) {
		t.Errorf("worked: %v, %v", h.calls, err)
	}
	for name, test := range map[string]struct {
		app  any
		want string
	}{
		"stop":      {platform.App{Stop: func(context.Context) error { return io.ErrUnexpectedEOF }}, "http.app: App.Stop: unexpected EOF"},
		"start":     {&platform.App{Start: func(context.Context, *platform.Host) error { return io.ErrUnexpectedEOF }}, "http.app: App.Start: unexpected EOF"},
		"panic":     {platform.App{Start: func(context.Context, *platform.Host) error { panic("oops") }}, "http.app: App.Start: panic: oops"},
		"function":  {func(context.Context) (platform.App, error) { return platform.App{}, io.ErrUnexpectedEOF }, "http.app: ./web:App: unexpected EOF"},
		"pointer":   {func(context.Context) (*platform.App, error) { return nil, nil }, "http.app: ./web:App is nil"},
		"none":      {nil, "http.app: platform.json names an app that this program does not have"},
		"no app":    {"text", "http.app: ./web:App is a string; want platform.App"},
		"built in":  {platform.App{Handler: shadowing()}, "http.app: GET /threads/{thread_id} is built in"},
		"malformed": {platform.App{Handler: http.NewServeMux(), Public: []string{"/login"}}, `http.app: Public: "/login" is not of the form`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			parts := withApp(privateChat(), test.app, "")
			err := startOnce(t, parts)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("err = %v, want %s", err, test.want)
			}
		})
	}
}

func shadowing() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /threads/{id}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "everything") })
	return mux
}

// startOnce makes a server and starts it.
func startOnce(t *testing.T, parts platform.Parts) error {
	t.Helper()
	made, err := makeOnce(t, parts)
	if err != nil {
		return err
	}
	return errors.Join(made.Start(t.Context()), made.Close())
}

// workOnce makes a server that works until it is told to stop, which is at once.
func workOnce(t *testing.T, parts platform.Parts) error {
	t.Helper()
	made, err := makeOnce(t, parts)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	return errors.Join(made.Work(ctx), made.Close())
}

func makeOnce(t *testing.T, parts platform.Parts) (*platform.Server, error) {
	t.Helper()
	file, err := config.Parse(t.TempDir()+"/platform.json", []byte(parts.Platform))
	if err != nil {
		return nil, err
	}
	process, err := config.ReadProcess(func(string) (string, bool) { return "", false })
	if err != nil {
		return nil, err
	}
	process.DatabaseURI = storetest.SQLite(t).URI
	return platform.New(t.Context(), platform.Config{Parts: parts, File: file, Process: process})
}

// what is refused carries the headers of CORS, so that a page is not shown a failure of the network; and a preflight asks nobody.
func TestR8CustomRoutesHaveCORS(t *testing.T) {
	t.Parallel()
	h := newHost()
	s := serve(t, withApp(privateChat(), h.app(), `"cors": {"allow_origins": ["https://app.example"]}`), storetest.SQLite(t).URI)
	for _, method := range []string{http.MethodGet, http.MethodOptions} {
		for _, at := range []string{"/mine", "/open", "/nothing"} {
			r := s.request("", method, at, "")
			r.Header.Set("Origin", "https://app.example")
			want := map[string]int{"/mine": http.StatusUnauthorized, "/open": http.StatusTeapot, "/nothing": http.StatusNotFound}[at]
			if method == http.MethodOptions {
				r.Header.Set("Access-Control-Request-Method", "GET")
				want = http.StatusNoContent
			}
			if a := s.send(r); a.Status != want || a.Header.Get("Access-Control-Allow-Origin") != "https://app.example" {
				t.Errorf("%s %s: %d, Access-Control-Allow-Origin %q", method, at, a.Status, a.Header.Get("Access-Control-Allow-Origin"))
			}
		}
	}
}

// A credential that has run out opens nothing inside either, however long its holder keeps a client.
func TestR40HostClientEndsWithItsCredential(t *testing.T) {
	t.Parallel()
	expiry := sync.OnceValue(func() time.Time { return time.Now().Add(2 * time.Second) }) // from the first request on
	auth := authhooks.New(authhooks.Bearer(func(context.Context, string) (*authhooks.User, error) {
		return &authhooks.User{Identity: "user1", Expires: expiry()}, nil
	}), authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")))
	h := newHost()
	kept := make(chan error, 1)
	h.mux.HandleFunc("GET /keep", func(_ http.ResponseWriter, r *http.Request) {
		ctx := context.WithoutCancel(r.Context())
		client, err := h.Client(ctx)
		if err != nil {
			kept <- err
			return
		}
		for err == nil && time.Since(expiry()) < 5*time.Second {
			_, err = client.Threads.Create(ctx, sdk.ThreadCreate{})
		}
		kept <- err
	})
	s := serve(t, withApp(withAuth(auth), h.app(), ""), storetest.SQLite(t).URI)
	s.as("any", "GET", "/keep", "")
	var refused *sdk.Error
	if err := <-kept; !errors.As(err, &refused) || refused.Status != http.StatusUnauthorized {
		t.Errorf("after its time: %v", err)
	}
}
