package authhooks

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// Transport is how a request came.
type Transport string

// The transports.
const (
	TransportHTTP     Transport = "http"
	TransportSSE      Transport = "sse"
	TransportWS       Transport = "ws"
	TransportMCP      Transport = "mcp"
	TransportA2A      Transport = "a2a"
	TransportInternal Transport = "internal" // the in-process client
)

// Request is what an [Authenticator] may look at. It has no body: that is read once, by the route.
type Request struct {
	Method    string
	Path      string // with the mount prefix
	Query     url.Values
	Header    http.Header
	ClientIP  netip.Addr // behind trusted proxies: the client's own
	Transport Transport
}

// Bearer returns the token of "Authorization: Bearer token". The scheme's case does not matter; one header, one space and
// one word are required. Without such a token it returns an error (401) and never an empty string alone: a comparison with an
// unset environment variable would let everyone in.
func (r *Request) Bearer() (string, error) {
	value, err := r.one("Authorization")
	if err != nil {
		return "", err
	}
	scheme, token, ok := strings.Cut(value, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return "", missing("the Authorization header is not of the form Bearer <token>")
	}
	if token == "" || strings.ContainsFunc(token, func(c rune) bool { return c <= ' ' || c == 0x7f }) {
		return "", Unauthenticated("the Authorization header is not of the form Bearer <token>")
	}
	return token, nil
}

// Cookie returns the value of the one cookie of that name, never empty without an error (401).
func (r *Request) Cookie(name string) (string, error) {
	found := (&http.Request{Header: r.Header}).CookiesNamed(name)
	switch {
	case len(found) == 0 || len(found) == 1 && found[0].Value == "":
		return "", missing("the cookie " + name + " is missing")
	case len(found) > 1:
		return "", Unauthenticated("the cookie " + name + " was sent more than once")
	}
	return found[0].Value, nil
}

// one returns the value of a header that was sent once and is not empty.
func (r *Request) one(name string) (string, error) {
	values := r.Header.Values(name)
	switch {
	case len(values) == 0 || len(values) == 1 && values[0] == "":
		return "", missing("the " + name + " header is missing")
	case len(values) > 1:
		return "", Unauthenticated("the " + name + " header was sent more than once")
	}
	return values[0], nil
}
