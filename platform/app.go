package platform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/api"
	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/sdk"
)

// App is what "http.app" of platform.json names: routes of one's own beside the server's, middleware, and what happens at its start and
// stop. Zero fields are fine.
type App struct {
	// Handler is asked for every request that no built-in route is for, beneath the mount prefix, which it does not see. The operator's
	// hooks have authenticated its sender, whom [UserFrom] returns, unless Public names the route. An *http.ServeMux serves best: what it
	// has no route for is answered as if there were no app, and its more specific routes stay closed beneath a public one.
	//
	// A route that is built in stops the start: it would never be asked.
	Handler http.Handler
	// Public names the routes of Handler that anyone may call, each by one method and a path in the form of http.ServeMux: "POST /login",
	// "GET /files/{path...}". A request that writes such a path in another way is not meant.
	Public []string
	// Middleware is around every route, the built-in ones too; authentication is inside of it, CORS around both. It sees requests before
	// anyone knows who sent them, and cannot say who did.
	Middleware func(http.Handler) http.Handler
	// Configurable returns settings for the runs that a request makes. They win over what the client says in config.configurable,
	// and cannot say who the user is or where the run belongs.
	Configurable func(*http.Request) map[string]any
	// OpenAPI describes routes of Handler: an object with "paths", and "components" that they refer to. It becomes a part of
	// GET /openapi.json and GET /docs. Operations that Public names need not say that they have no "security".
	OpenAPI json.RawMessage
	// Start is called once the database is migrated and before the server listens, in processes that serve and in those that only work. Its
	// error stops the start. ctx ends when the server begins to stop.
	Start func(ctx context.Context, h *Host) error
	// Stop is called after the last answer and the last run, with a few seconds' time. It is called only if Start has succeeded.
	Stop func(ctx context.Context) error
}

// stopTime is how long App.Stop may take.
const stopTime = 5 * time.Second

// UserFrom returns who sent the request that ctx is of: a copy. It is false for public routes, on a server without "auth", and in a
// middleware, which comes before the question.
func UserFrom(ctx context.Context) (*authhooks.User, bool) {
	caller, ok := api.CallerOf(ctx)
	if !ok || caller.User == nil {
		return nil, false
	}
	return caller.User.Clone(), true
}

// Host is the server as an App sees it.
type Host struct{ server *Server }

// Client returns a client of this very server without a network between, which acts as the sender of the request that ctx is of: the same
// hooks are asked and the same filters hold as if he had called himself. It lives as long as one likes; each call ends with the context
// that it is given. Where there are hooks and ctx is of no authenticated request, the error says so: nobody acts for the server itself.
func (h *Host) Client(ctx context.Context) (*sdk.Client, error) {
	transport, err := h.server.api.Inside(ctx)
	if err != nil {
		return nil, fmt.Errorf("host: %w", err)
	}
	return sdk.New(sdk.Config{URL: "http://inside" + h.server.cfg.File.HTTP.MountPrefix, HTTPClient: &http.Client{Transport: transport}})
}

// loadApp returns the operator's app, zero when neither the program nor its platform.json has any.
func loadApp(ctx context.Context, parts Parts, file *config.Config) (App, error) {
	var made *App
	var err error
	switch given := parts.App.(type) {
	case nil:
		if file.HTTP.App != nil {
			return App{}, errors.New(`http.app: platform.json names an app that this program does not have; build it from that file, or set platform.Parts.App`)
		}
		return App{}, nil
	case App:
		return given, nil
	case *App:
		made = given
	case func(context.Context) (App, error):
		made = new(App)
		err = guarded("http.app: "+parts.AppSymbol, func() (err error) { *made, err = given(ctx); return err })
	case func(context.Context) (*App, error):
		err = guarded("http.app: "+parts.AppSymbol, func() (err error) { made, err = given(ctx); return err })
	default:
		return App{}, fmt.Errorf("http.app: %s is a %T; want platform.App, *platform.App, or func(context.Context) (one of them, error)", parts.AppSymbol, given)
	}
	if err != nil {
		return App{}, err
	}
	if made == nil {
		return App{}, fmt.Errorf("http.app: %s is nil", parts.AppSymbol)
	}
	return *made, nil
}

// beside is the part of an app that package api serves.
func (a App) beside() api.App {
	return api.App{Handler: a.Handler, Public: a.Public, Middleware: a.Middleware, Configurable: a.Configurable}
}

// Start calls App.Start, once. Serve and Work call it, too; whoever has a listener of their own calls it before they listen.
func (s *Server) Start(ctx context.Context) error {
	s.starting.Lock()
	defer s.starting.Unlock()
	if s.started || s.app.Start == nil {
		s.started = true
		return nil
	}
	err := guarded("http.app: App.Start", func() error { return s.app.Start(ctx, &Host{s}) })
	s.started = err == nil
	return err
}

// stop calls App.Stop when the app was started.
func (s *Server) stop(ctx context.Context) error {
	s.starting.Lock()
	defer s.starting.Unlock()
	if !s.started || s.app.Stop == nil {
		return nil
	}
	s.started = false
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer done()
	return guarded("http.app: App.Stop", func() error { return s.app.Stop(ctx) })
}

// guarded calls the operator's code, which its error names. A panic is an error.
func guarded(name string, call func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s: panic: %v\n%s", name, p, debug.Stack())
		}
	}()
	if err := call(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
