package config

import (
	"regexp"
	"slices"
)

// Auth is the section "auth": whose hooks decide who may call and which rows they reach (auth.md §1.10).
type Auth struct {
	// Path names an *authhooks.Auth or a func(context.Context) (*authhooks.Auth, error).
	Path Symbol
	// Unhandled is what happens to an event that no rule matches: Deny, the default, or Allow.
	Unhandled Unhandled
	// Index are the metadata keys that filters use often.
	Index []string
	// DisableStudio takes the Studio's own token away, even from the development server.
	DisableStudio bool
	// OpenAPI is what the description of the API says of credentials; nil when the file does not say.
	OpenAPI *OpenAPI
	// Pos is the place of Path in the file.
	Pos Pos
}

// Unhandled is the answer to an event that no rule matches.
type Unhandled string

// The two answers there are.
const (
	Deny  Unhandled = "deny"
	Allow Unhandled = "allow"
)

// indexKey is what a metadata key of a filter may look like; the store quotes nothing else.
const indexKey = `^[A-Za-z0-9_.:-]{1,128}$`

func defaultIndex() []string { return []string{"owner", "tenant_id"} }

func (r *reader) auth(p place) *Auth {
	a := &Auth{Unhandled: Deny, Index: defaultIndex(), Pos: p.pos}
	named := false
	r.object(p, fields{
		"path":                func(p place) { named, a.Pos, a.Path = true, p.pos, r.symbol(p) },
		"unhandled":           func(p place) { a.Unhandled = Unhandled(r.choice(p, string(Deny), string(Allow))) },
		"index":               func(p place) { a.Index = r.index(p) },
		"disable_studio_auth": func(p place) { a.DisableStudio = r.booleanOrWord(p) },
		"openapi":             func(p place) { a.OpenAPI = r.openapi(p) },
	}, fields{"cache": r.refused("caching is an Authenticator: wrap it"), "allow_langsmith_api_keys": r.refused(NoLangSmith)})
	if _, isObject := p.value.([]member); isObject && !named {
		r.wrong(p, `no "path"; want {"path": "./security:Auth"}`)
	}
	return a
}

func (r *reader) index(p place) []string {
	valid := regexp.MustCompile(indexKey)
	var keys []string
	for _, element := range r.elements(p, "an array of metadata keys") {
		key := r.text(element)
		switch {
		case key == "":
		case !valid.MatchString(key):
			r.wrong(element, "%q is no key of a filter; it must match %s", key, indexKey)
		case slices.Contains(keys, key):
			r.wrong(element, "%q is there already", key)
		default:
			keys = append(keys, key)
		}
	}
	return keys
}

// booleanOrWord also takes "true" and "false", as files written for other servers have it (auth.md §1.7).
func (r *reader) booleanOrWord(p place) bool {
	switch p.value {
	case true, "true":
		return true
	case false, "false":
		return false
	}
	r.wrong(p, "%s; want true or false", kind(p.value))
	return false
}
