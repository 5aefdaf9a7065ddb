package config

import (
	"regexp"
	"slices"
	"strings"
)

// HTTP is the section "http".
type HTTP struct {
	// CORS is nil when the file does not say: same origin only, and in development any origin of this machine.
	CORS *CORS
	// MountPrefix is put before every route: empty, or begins with a slash and does not end with one.
	MountPrefix string
	// Disabled are the groups of routes that answer 404 before anyone is authenticated:
	// assistants, threads, runs, store, mcp, a2a, meta, ui, webhooks.
	Disabled map[string]bool
	// App is nil when the file names no custom routes.
	App *App
	// Configurable are the headers that go into the settings of the runs that a request makes; Logged those that are in a request's log line.
	Configurable, Logged Headers
}

// App is the value "http.app": custom routes, middleware and lifecycle.
type App struct {
	Symbol Symbol
	// Pos is the place of the symbol in the file.
	Pos Pos
}

// CORS says which other origins a browser may call from.
type CORS struct {
	AllowOrigins     []string
	AllowOriginRegex *regexp.Regexp // matches a whole origin; nil for none
	// AllowMethods and AllowHeaders are nil when the file does not say.
	AllowMethods, AllowHeaders []string
	AllowCredentials           bool
	// ExposeHeaders come on top of those that clients of the wire need.
	ExposeHeaders []string
	// MaxAge is in seconds, 600 by default.
	MaxAge int
}

func groups() []string {
	return []string{"assistants", "threads", "runs", "store", "mcp", "a2a", "meta", "ui", "webhooks"}
}

func (r *reader) http(p place) HTTP {
	h := HTTP{Disabled: map[string]bool{}}
	known := fields{
		"cors":                     func(p place) { h.CORS = r.cors(p) },
		"mount_prefix":             func(p place) { h.MountPrefix = r.prefix(p) },
		"enable_custom_route_auth": r.customRouteAuth,
		"app":                      func(p place) { h.App = &App{Symbol: r.symbol(p), Pos: p.pos} },
		"configurable_headers":     func(p place) { h.Configurable = r.headers(p) },
		"logging_headers":          func(p place) { h.Logged = r.headers(p) },
	}
	for _, group := range groups() {
		known["disable_"+group] = func(p place) {
			if r.boolean(p) {
				h.Disabled[group] = true
			}
		}
	}
	r.object(p, known, fields{
		"middleware_order": r.refused("App.Middleware is outermost, auth inside, CORS around both"),
	})
	return h
}

func (r *reader) cors(p place) *CORS {
	c := &CORS{MaxAge: 600}
	credentials := p
	r.object(p, fields{
		"allow_origins":      func(p place) { c.AllowOrigins = r.origins(p) },
		"allow_origin_regex": func(p place) { c.AllowOriginRegex = r.originRegex(p) },
		"allow_methods":      func(p place) { c.AllowMethods = r.texts(p) },
		"allow_headers":      func(p place) { c.AllowHeaders = r.texts(p) },
		"allow_credentials":  func(p place) { credentials, c.AllowCredentials = p, r.boolean(p) },
		"expose_headers":     func(p place) { c.ExposeHeaders = r.texts(p) },
		"max_age":            func(p place) { c.MaxAge = int(r.whole(p, 0)) },
	})
	if c.AllowCredentials && slices.Contains(c.AllowOrigins, "*") {
		r.wrong(credentials, `"*" with credentials would let any site act for its visitor; name the origins`)
	}
	return c
}

// origins refuses what a browser never sends as Origin, since it would match nothing and look as if it did.
func (r *reader) origins(p place) []string {
	var origins []string
	for _, element := range r.elements(p, "an array of origins") {
		origin := r.text(element)
		scheme, host, ok := strings.Cut(origin, "://")
		switch {
		case origin == "" || origin == "*" || origin == "null":
		case !ok || scheme == "" || host == "":
			r.wrong(element, `%q is no origin; want one as in "https://chat.example.com"`, origin)
		case strings.ContainsAny(host, "/?#"):
			r.wrong(element, `%q has a path; an origin ends with the host or the port`, origin)
		case strings.Contains(host, "*"):
			r.wrong(element, `%q: a pattern is written as allow_origin_regex`, origin)
		}
		origins = append(origins, origin)
	}
	return origins
}

func (r *reader) originRegex(p place) *regexp.Regexp {
	written := r.text(p)
	if written == "" {
		return nil
	}
	re, err := regexp.Compile("^(?:" + written + ")$")
	if err != nil {
		r.wrong(p, "%q is no regular expression: %s", written, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return re
}

func (r *reader) prefix(p place) string {
	prefix, ok := p.value.(string)
	switch {
	case !ok:
		r.wrong(p, "%s; want a string", kind(p.value))
	case prefix == "":
	case !strings.HasPrefix(prefix, "/") || strings.HasSuffix(prefix, "/") || strings.ContainsAny(prefix, "?#*:{}"):
		r.wrong(p, `%q; want a path that begins with a slash and does not end with one, as in "/api"`, prefix)
	}
	return prefix
}

func (r *reader) customRouteAuth(p place) {
	if on, ok := p.value.(bool); ok && !on {
		r.wrong(p, "false would open every custom route; name the open ones in App.Public")
		return
	}
	r.boolean(p)
}
