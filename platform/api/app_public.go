package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

// open is a route that needs no credentials. It opens exactly what it says: a request that is written in any other way than the plain one
// (another case, double slashes, dots, escapes that are not needed, a method by another name) is not meant by it, and authenticates.
type open struct {
	text, method string
	path         template
	// route is the pattern of the ServeMux that answers it. A more specific one beneath is not opened with it.
	route string
}

// readPublic reads App.Public.
func (a *custom) readPublic() error {
	var errs []error
	for _, text := range a.Public {
		o, err := parseOpen(text)
		if err == nil {
			err = a.has(&o)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("http.app: Public: %q %w", text, err))
			continue
		}
		a.public = append(a.public, o)
		for i, l := range a.listed {
			if l.Method == o.method && l.path.same(o.path) {
				a.listed[i].Public = true
			}
		}
	}
	return errors.Join(errs...)
}

var errForm = errors.New(`is not of the form "POST /login", "GET /files/{name}", "GET /files/{path...}" or "GET /{$}"`)

func parseOpen(text string) (open, error) {
	method, at, ok := strings.Cut(text, " ")
	if !ok || !regexp.MustCompile("^[A-Z]+$").MatchString(method) || !strings.HasPrefix(at, "/") || strings.ContainsAny(at, " %?#\\") {
		return open{}, errForm
	}
	if strings.HasSuffix(at, "/") {
		return open{}, errors.New("ends with a slash; write {path...} after it for all that is beneath, or {$} for that path alone")
	}
	if path.Clean(at) != at {
		return open{}, fmt.Errorf("is no clean path; want %s", path.Clean(at))
	}
	t := template(segments(at))
	for i, part := range t {
		if err := checkPart(part, i == len(t)-1); err != nil {
			return open{}, err
		}
	}
	return open{text: text, method: method, path: t}, nil
}

func checkPart(part string, last bool) error {
	if !strings.ContainsAny(part, "{}") {
		return nil
	}
	name, ok := strings.CutPrefix(part, "{")
	name, closed := strings.CutSuffix(name, "}")
	rest := strings.HasSuffix(name, "...")
	name = strings.TrimSuffix(name, "...")
	switch {
	case !ok || !closed || name != "$" && !regexp.MustCompile(`^[A-Za-z_]\w*$`).MatchString(name), name == "$" && rest:
		return errForm
	case (rest || name == "$") && !last:
		return fmt.Errorf("%s: only the last part of a path may be that", part)
	}
	return nil
}

// has sees that the app has the route, where that can be known: what Public misspells would be closed, and nobody would see why.
func (a *custom) has(o *open) error {
	switch {
	case a.mux != nil:
		_, o.route = a.mux.Handler(sample(o.method, o.path))
		if o.route == "" {
			return errors.New("is no route of http.app's ServeMux")
		}
	case a.listed != nil:
		if !slices.ContainsFunc(a.listed, func(l AppRoute) bool { return l.Method == o.method && l.path.same(o.path) }) {
			return errors.New("is no route of http.app")
		}
	}
	return nil
}

// isPublic reports whether a request needs no credentials.
func (a *custom) isPublic(r *http.Request) bool {
	if len(a.public) == 0 || !plainly(r) {
		return false
	}
	parts := segments(r.URL.Path)
	for _, o := range a.public {
		if o.method == r.Method && o.path.matches(parts) && a.alone(o, r, parts) {
			return true
		}
	}
	return false
}

// alone reports whether no route that is not public would answer the request in place of o.
func (a *custom) alone(o open, r *http.Request, parts []string) bool {
	if a.mux != nil {
		_, route := a.mux.Handler(r)
		return route == o.route
	}
	return !slices.ContainsFunc(a.listed, func(l AppRoute) bool {
		return l.Method == r.Method && !l.Public && !l.path.open() && l.path.matches(parts)
	})
}

// plainly reports whether a request says in the plain way what it asks for. Routers differ in what they make of the other ways.
func plainly(r *http.Request) bool {
	at := r.URL.Path
	switch {
	case r.URL.RawPath != "" || r.URL.Opaque != "" || !strings.HasPrefix(at, "/"):
		return false
	case at != "/" && path.Clean(at) != strings.TrimSuffix(at, "/"):
		return false
	case strings.ContainsFunc(at, func(c rune) bool { return c < ' ' || c == 0x7f || c == '\\' || c == '\uFFFD' }):
		return false
	case methodInQuery(r.URL.RawQuery):
		return false
	}
	for _, name := range []string{"X-Http-Method-Override", "X-Http-Method", "X-Method-Override", "X-Original-Url", "X-Rewrite-Url"} {
		if _, there := r.Header[name]; there {
			return false
		}
	}
	return true
}

// methodInQuery reports whether a query may name another method.
func methodInQuery(raw string) bool {
	query, err := url.ParseQuery(raw)
	for name := range query {
		if strings.EqualFold(name, "_method") {
			return true
		}
	}
	return err != nil
}
