package config

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Webhooks is the section "webhooks": whom the server tells of the ends of runs, and with which headers.
type Webhooks struct {
	// EnvPrefix is what the name of each variable in Headers begins with.
	EnvPrefix string
	// Headers are sent with every delivery; ${{ env.NAME }} stands for a variable. See [Webhooks.Expand].
	Headers map[string]string
	URL     WebhookURL
}

// WebhookURL says which URLs a run may name.
type WebhookURL struct {
	RequireHTTPS bool // true by default
	// AllowedDomains are the hosts there are, in lower case, *.x for the subdomains of x; nil for any.
	AllowedDomains []string
	AllowedPorts   []int // nil for any
	MaxLength      int   // in bytes, 2048 by default
	// DisableLoopback, true by default, refuses this machine, and paths, which are this server's own.
	DisableLoopback bool
}

func defaultWebhooks() Webhooks {
	return Webhooks{EnvPrefix: "LG_WEBHOOK_", URL: WebhookURL{RequireHTTPS: true, MaxLength: 2048, DisableLoopback: true}}
}

// envInHeader finds a variable in the value of a header.
func envInHeader() *regexp.Regexp {
	return regexp.MustCompile(`\$\{\{\s*env\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}`)
}

// Expand returns the headers with the values of their variables; lookup is os.LookupEnv. A variable that is not set is an error: what
// the receiver relies on would be missing from every delivery.
func (w Webhooks) Expand(lookup func(name string) (string, bool)) (map[string]string, error) {
	out := make(map[string]string, len(w.Headers))
	var errs []error
	variables := envInHeader()
	for _, name := range slices.Sorted(maps.Keys(w.Headers)) {
		out[name] = variables.ReplaceAllStringFunc(w.Headers[name], func(found string) string {
			variable := variables.FindStringSubmatch(found)[1]
			value, ok := lookup(variable)
			if !ok || value == "" {
				errs = append(errs, fmt.Errorf("webhooks.headers.%s: the environment has no %s", name, variable))
			}
			return value
		})
		if strings.ContainsAny(out[name], "\r\n\x00") {
			errs = append(errs, fmt.Errorf("webhooks.headers.%s: the value has a line break in it", name))
		}
	}
	return out, errors.Join(errs...)
}

// Leaks reports whether the value of a variable is sent to whatever URL a caller names.
func (w Webhooks) Leaks() bool {
	if w.URL.AllowedDomains != nil {
		return false
	}
	variables := envInHeader()
	for _, value := range w.Headers {
		if variables.MatchString(value) {
			return true
		}
	}
	return false
}

func (r *reader) webhooks(p place) Webhooks {
	w := defaultWebhooks()
	var headers place
	r.object(p, fields{
		"env_prefix": func(p place) { w.EnvPrefix = r.text(p) },
		"headers":    func(p place) { headers, w.Headers = p, r.words(p) },
		"url":        func(p place) { w.URL = r.webhookURL(p) },
	})
	for _, name := range slices.Sorted(maps.Keys(w.Headers)) {
		r.webhookHeader(headers, w.EnvPrefix, name, w.Headers[name])
	}
	return w
}

// headerName is what the name of a header may look like.
const headerName = "^[A-Za-z0-9!#$%&'*+.^_`|~-]+$"

// webhookHeader checks a header's name and the variables in its value.
func (r *reader) webhookHeader(p place, prefix, name, value string) {
	variables := envInHeader()
	wrong := func(format string, args ...any) {
		r.at(p.pos, p.path+"."+name, format, args...)
	}
	switch lower := strings.ToLower(name); {
	case !regexp.MustCompile(headerName).MatchString(name):
		wrong("is no name of a header")
	case slices.Contains([]string{"host", "content-type", "content-length", "transfer-encoding", "connection", "user-agent"}, lower),
		strings.HasPrefix(lower, "locutory-"):
		wrong("is set by the server itself")
	}
	for _, found := range variables.FindAllStringSubmatch(value, -1) {
		if !strings.HasPrefix(found[1], prefix) {
			wrong("%s does not begin with %s; rename the variable, or set webhooks.env_prefix", found[1], prefix)
		}
	}
	if strings.Contains(variables.ReplaceAllString(value, ""), "${{") {
		wrong("only ${{ env.NAME }} is expanded")
	}
}

func (r *reader) webhookURL(p place) WebhookURL {
	u := defaultWebhooks().URL
	r.object(p, fields{
		"require_https":    func(p place) { u.RequireHTTPS = r.boolean(p) },
		"allowed_domains":  func(p place) { u.AllowedDomains = r.domains(p) },
		"allowed_ports":    func(p place) { u.AllowedPorts = r.ports(p) },
		"max_url_length":   func(p place) { u.MaxLength = int(r.whole(p, 1)) },
		"disable_loopback": func(p place) { u.DisableLoopback = r.boolean(p) },
	})
	return u
}

// domains reads hosts; an empty list would refuse every URL and look as if it said nothing.
func (r *reader) domains(p place) []string {
	elements := r.elements(p, "an array of domains")
	if len(elements) == 0 && kind(p.value) == "an array" {
		r.wrong(p, "is empty; http.disable_webhooks takes webhooks away")
	}
	var out []string
	for _, element := range elements {
		domain := strings.ToLower(r.text(element))
		if rest := strings.TrimPrefix(domain, "*."); domain != "" && (rest == "" || strings.ContainsAny(rest, "*/:@ ")) {
			r.wrong(element, `%q is no domain; want one as in "hooks.example.com" or "*.example.com"`, domain)
		}
		out = append(out, domain)
	}
	return out
}

func (r *reader) ports(p place) []int {
	elements := r.elements(p, "an array of ports")
	if len(elements) == 0 && kind(p.value) == "an array" {
		r.wrong(p, "is empty; http.disable_webhooks takes webhooks away")
	}
	var out []int
	for _, element := range elements {
		port := r.whole(element, 1)
		if port > 65535 {
			r.wrong(element, "%d; want a port, 65535 at most", port)
		}
		out = append(out, int(port))
	}
	return out
}
