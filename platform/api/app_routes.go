package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
)

// AppRoute is a route of an app whose router tells its routes, or one of App.Public.
type AppRoute struct {
	Method, Path string
	Public       bool
	path         template
}

// AppRoutes lists the routes of an app; all reports whether there can be no others. The error is what would stop the start.
func AppRoutes(app App, mine []Route, disabled map[string]bool) (routes []AppRoute, all bool, err error) {
	a, err := newCustom(app, mine, disabled)
	if err != nil || app.Handler == nil {
		return nil, true, err
	}
	if a.listed != nil {
		return a.listed, true, nil
	}
	for _, o := range a.public {
		routes = append(routes, AppRoute{Method: o.method, Path: o.path.String(), Public: true, path: o.path})
	}
	return routes, false, nil
}

// list returns the routes of a router that tells them, nil of any other.
func list(handler http.Handler) []AppRoute {
	router, ok := handler.(interface{ Routes() gin.RoutesInfo })
	if !ok {
		return nil
	}
	out := []AppRoute{}
	for _, info := range router.Routes() {
		t := template(segments(info.Path))
		for i, part := range t {
			switch {
			case strings.HasPrefix(part, ":"):
				t[i] = "{" + part[1:] + "}"
			case strings.HasPrefix(part, "*"):
				t[i] = "{" + part[1:] + "...}"
			case part == "" && i == len(t)-1: // a slash at the end means itself alone
				t[i] = "{$}"
			}
		}
		out = append(out, AppRoute{Method: info.Method, Path: t.String(), path: t})
	}
	return out
}

// shadows refuses an app with a route that is built in: it would never be asked, and if it were it would go round the hooks. What is more
// general than a route of ours (all that is beneath a path, a parameter where we have a word) is asked after it, and no mistake.
func (a *custom) shadows(routes []Route) error {
	var errs []error
	for _, route := range routes {
		mine := templateOf(route)
		theirs := a.listed
		if a.mux != nil {
			_, pattern := a.mux.Handler(sample(route.Method, mine))
			theirs = nil
			if _, at, ok := strings.Cut(pattern, "/"); ok {
				theirs = []AppRoute{{Method: route.Method, path: segments("/" + at)}}
			}
		}
		for _, l := range theirs {
			if l.Method == route.Method && l.path.covers(mine) {
				errs = append(errs, fmt.Errorf("http.app: %s %s is built in", route.Method, mine))
				break
			}
		}
	}
	return errors.Join(errs...)
}

// refusedRoute says that a ServeMux has no such route; allow is for a path that it has with other methods.
type refusedRoute struct{ allow string }

// find names the route of the app that will answer, where that can be known.
func (a *custom) find(r *http.Request) (name string, refused *refusedRoute) {
	if a.mux == nil {
		return "http.app", nil
	}
	handler, pattern := a.mux.Handler(r)
	if pattern == "" { // the handler is net/http's own, for 404 or 405
		w := headerOnly{}
		handler.ServeHTTP(w, r)
		return "", &refusedRoute{allow: http.Header(w).Get("Allow")}
	}
	_, name, _ = strings.Cut(pattern, "/")
	return "/" + name, nil
}

// headerOnly is a writer of which nothing but the header is wanted.
type headerOnly http.Header

func (h headerOnly) Header() http.Header            { return http.Header(h) }
func (h headerOnly) WriteHeader(int)                {}
func (h headerOnly) Write(data []byte) (int, error) { return len(data), nil }

// template is a path in parts: a word, {name} for any one part, {name...} at the end for all that follow, {$} for nothing more.
type template []string

func segments(at string) []string { return strings.Split(strings.TrimPrefix(at, "/"), "/") }

func templateOf(r Route) template {
	t := template(segments(r.Path))
	for i, part := range t {
		if strings.HasPrefix(part, ":") {
			t[i] = "{" + part[1:] + "}"
		}
	}
	return t
}

func (t template) String() string { return "/" + strings.Join(t, "/") }

func isParameter(part string) bool { return strings.HasPrefix(part, "{") && part != "{$}" }

// open reports whether the template is all that is beneath a path.
func (t template) open() bool {
	last := t[len(t)-1]
	return last == "" || strings.HasSuffix(last, "...}")
}

// matches reports whether a path, in its parts, is one of the template's.
func (t template) matches(parts []string) bool {
	for i, part := range t {
		switch {
		case strings.HasSuffix(part, "...}"):
			return len(parts) > i
		case i >= len(parts):
			return false
		case part == "{$}":
			if parts[i] != "" {
				return false
			}
		case isParameter(part):
			if parts[i] == "" {
				return false
			}
		case part != parts[i]:
			return false
		}
	}
	return len(parts) == len(t)
}

// same reports whether two templates are the same but for names.
func (t template) same(other template) bool {
	return slices.EqualFunc(t, other, func(a, b string) bool {
		if isParameter(a) && isParameter(b) {
			return strings.HasSuffix(a, "...}") == strings.HasSuffix(b, "...}")
		}
		return a == b
	})
}

// covers reports whether each word of a route of ours is a word of t, too, and t is of the same length.
func (t template) covers(mine template) bool {
	if len(t) != len(mine) || t.open() {
		return false
	}
	for i, part := range mine {
		if !isParameter(part) && t[i] != part {
			return false
		}
	}
	return true
}

// sample is a request that a template means. Parameters are what no route of anybody's has as a word.
func sample(method string, t template) *http.Request {
	at := ""
	for _, part := range t {
		switch {
		case part == "{$}":
			part = ""
		case isParameter(part):
			part = "00000000-0000-0000-0000-000000000000"
		}
		at += "/" + part
	}
	return &http.Request{Method: method, URL: &url.URL{Path: at}, Header: http.Header{}}
}
