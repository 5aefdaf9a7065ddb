package api

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// App is what an operator compiles in beside the routes of the server. Zero fields are fine.
type App struct {
	// Handler answers what no route of ours has, beneath the mount prefix, which it does not see.
	Handler http.Handler
	// Public are the routes of Handler that need no credentials: "POST /login", "GET /files/{path...}".
	Public []string
	// Middleware is around everything but CORS.
	Middleware func(http.Handler) http.Handler
	// Configurable returns settings for the runs that a request makes.
	Configurable func(*http.Request) map[string]any
}

// custom is an App that has been checked.
type custom struct {
	App
	mux    *http.ServeMux // Handler when it is one
	listed []AppRoute     // the routes of Handler when it tells them
	public []open
	// closed are the paths of disabled groups: they are nobody's.
	closed []template
}

// newCustom checks an app against the routes of the server: a mistake would open a route, or hide one.
func newCustom(app App, routes []Route, disabled map[string]bool) (*custom, error) {
	a := &custom{App: app}
	if app.Handler == nil {
		if len(app.Public) > 0 {
			return nil, fmt.Errorf("http.app: Public names routes, and there is no Handler")
		}
		return a, nil
	}
	a.mux, _ = app.Handler.(*http.ServeMux)
	a.listed = list(app.Handler)
	routes = Served(routes, app, nil)
	for _, route := range routes {
		if route.off(disabled) {
			a.closed = append(a.closed, templateOf(route))
		}
	}
	if err := a.shadows(routes); err != nil {
		return nil, err
	}
	return a, a.readPublic()
}

// beside serves the app's handler where no route of ours is; otherwise is what we say where it has none either.
func (s *Server) beside(otherwise gin.HandlerFunc) gin.HandlerFunc {
	if s.custom == nil || s.custom.Handler == nil {
		return otherwise
	}
	return func(g *gin.Context) {
		r, ok := s.beneath(g.Request)
		if _, inside := insider(r.Context()); !ok || inside || s.custom.isClosed(r.URL.Path) {
			otherwise(g)
			return
		}
		name, refused := s.custom.find(r)
		if refused != nil {
			s.refuseCustom(g, refused, otherwise)
			return
		}
		g.Writer.Header().Del("Allow") // of a method that we lack and the app may have
		if s.custom.isPublic(r) {
			s.open(func(ctx context.Context, c *call) error { return s.serveCustom(unserved(ctx), c, r) })(g)
			return
		}
		caches := cmp.Or(g.Writer.Header().Get("Cache-Control"), "private") // the app's middleware may know better, and its handler, too
		s.guarded(Route{Method: r.Method, Path: name, handle: func(ctx context.Context, c *call) error {
			c.gin.Header("Cache-Control", caches)
			return s.serveCustom(ctx, c, r)
		}})(g)
	}
}

// refuseCustom answers for a ServeMux without such a route: its 405 in our form, else as if there were no app.
func (s *Server) refuseCustom(g *gin.Context, refused *refusedRoute, otherwise gin.HandlerFunc) {
	if refused.allow == "" {
		otherwise(g)
		return
	}
	g.Header("Allow", refused.allow)
	s.open(func(context.Context, *call) error { return refuse(http.StatusMethodNotAllowed, "Method Not Allowed") })(g)
}

// beneath takes the mount prefix off; false is a path that is not beneath it.
func (s *Server) beneath(r *http.Request) (*http.Request, bool) {
	if s.MountPrefix == "" {
		return r, true
	}
	cut, ok := strings.CutPrefix(r.URL.Path, s.MountPrefix)
	raw, rawOK := strings.CutPrefix(r.URL.RawPath, s.MountPrefix)
	if !ok || !strings.HasPrefix(cut, "/") || r.URL.RawPath != "" && (!rawOK || !strings.HasPrefix(raw, "/")) {
		return r, false
	}
	inner := new(http.Request)
	*inner = *r
	inner.URL = new(url.URL)
	*inner.URL = *r.URL
	inner.URL.Path, inner.URL.RawPath = cut, raw
	return inner, true
}

// isClosed reports whether a path is one of a disabled group.
func (a *custom) isClosed(at string) bool {
	parts := segments(path.Clean(at))
	return slices.ContainsFunc(a.closed, func(t template) bool { return t.matches(parts) })
}

// serveCustom lets the app's handler answer r, which is the call's request beneath the mount prefix.
func (s *Server) serveCustom(ctx context.Context, c *call, r *http.Request) error {
	ctx, w := s.answering(ctx, c.gin.Writer)
	defer w.end()
	r = r.WithContext(ctx)
	if r.Body != nil {
		r.Body = http.MaxBytesReader(w, r.Body, s.MaxBody)
	}
	err := rescued("http.app", func() error { s.custom.Handler.ServeHTTP(w, r); return nil })
	switch {
	case err != nil:
		if c.begun = w.begun(); !c.begun {
			forget(w.Header())
		}
		return err
	case !w.begun():
		w.WriteHeader(http.StatusOK)
	}
	if w.wasCut() { // what has begun must not look whole
		c.begun = w.begun()
		return errExpired
	}
	return nil
}

// forget drops what headers said of an answer that will not come.
func forget(h http.Header) {
	for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding", "Etag", "Last-Modified", "Cache-Control"} {
		h.Del(name)
	}
}

// middle puts the app's middleware around the routes. A panic of its own is a 500, as one of a handler's is.
func (s *Server) middle(next http.Handler) http.Handler {
	if s.custom == nil || s.custom.Middleware == nil {
		return next
	}
	made := s.custom.Middleware(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tracked := &answering{ResponseWriter: w}
		err := rescued("App.Middleware", func() error { made.ServeHTTP(tracked, r); return nil })
		if err == nil {
			return
		}
		id := cmp.Or(w.Header().Get("X-Request-Id"), s.idOf(r))
		s.tell(r.Context(), slog.LevelError, "request failed", r, id, err)
		if tracked.begun() {
			panic(http.ErrAbortHandler)
		}
		forget(w.Header())
		w.Header().Set("X-Request-Id", id)
		writeRefusal(w, http.StatusInternalServerError, detailFailed)
	})
}
