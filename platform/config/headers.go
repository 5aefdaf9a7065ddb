package config

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// Headers says which headers of a request are taken: "http.configurable_headers" or "http.logging_headers". The zero Headers takes none.
type Headers struct {
	// Includes and Excludes are names in lower case, where a star stands for anything.
	Includes, Excludes []string
}

// credentials are never taken, whatever the file says: what is copied is stored with runs, or logged, and read by others.
func credentials() []string {
	return []string{"authorization", "cookie", "proxy-authorization", "set-cookie"}
}

// reserved are taken only by their whole name: a star does not mean them.
func reserved() []string { return []string{"x-api-key", "x-tenant-id", "x-service-key"} }

// Takes reports whether a header is taken. Excludes win.
func (h Headers) Takes(name string) bool {
	name = strings.ToLower(name)
	matches := func(pattern string) bool {
		ok, err := path.Match(pattern, name) // neither has a slash
		return ok && err == nil
	}
	switch {
	case slices.Contains(credentials(), name), slices.ContainsFunc(h.Excludes, matches):
		return false
	case slices.Contains(reserved(), name):
		return slices.Contains(h.Includes, name)
	}
	return slices.ContainsFunc(h.Includes, matches)
}

// None reports whether no header is taken at all.
func (h Headers) None() bool { return len(h.Includes) == 0 }

func (r *reader) headers(p place) Headers {
	var h Headers
	r.object(p, fields{
		"includes": func(p place) {
			h.Includes = r.globs(p, func(element place, name string) {
				if slices.Contains(credentials(), name) {
					r.wrong(element, "%q is a credential: it would be stored or logged where others read it; what graphs need of it goes into User.Secret", name)
				}
			})
		},
		"excludes": func(p place) { h.Excludes = r.globs(p, func(place, string) {}) },
	})
	return h
}

// globs reads names of headers, in which a star is a character like any.
func (r *reader) globs(p place, check func(element place, name string)) []string {
	var out []string
	names := regexp.MustCompile(headerName)
	for _, element := range r.elements(p, `an array of header names, as in ["x-tenant", "x-trace-*"]`) {
		text := strings.ToLower(r.text(element))
		if text != "" && !names.MatchString(text) {
			r.wrong(element, "%q is no name of a header", text)
			continue
		}
		check(element, text)
		out = append(out, text)
	}
	return out
}
