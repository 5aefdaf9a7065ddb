package api

import (
	"fmt"
	"net"
	"net/http"
	"strings"
)

// pages refuses what browsers send for pages that have no business here. CORS only keeps such a page from reading the answer: the
// effect would be there, since a body of any content type is read and no preflight comes before it.
//
//   - A request with an effect must come from a page of this server, from an origin that is let in, or from no page at all.
//   - A server that asks nobody who they are answers to names of this machine only. Else a page whose own name is made to point
//     here would be a page of this server.
func (s *Server) pages(next http.Handler) http.Handler {
	var cross http.CrossOriginProtection
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch origin := r.Header.Get("Origin"); {
		case s.LocalOnly && !ofThisMachine(r.Host):
			s.turnAway(w, r, "the server has no \"auth\" and answers to names of this machine only, not to %q; add \"auth\" to platform.json, or say --insecure", r.Host)
		case (origin == "" || !s.allows(origin)) && cross.Check(effective(r)) != nil:
			s.turnAway(w, r, "a page of another site, %q, may not do this; name its origin in http.cors.allow_origins of platform.json", origin)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// effective is r as a request whose method says that it has an effect, if it has one by what its query asks for: a page that opens a stream
// and leaves would cancel the run.
func effective(r *http.Request) *http.Request {
	if r.URL.RawQuery == "" || !r.URL.Query().Has("cancel_on_disconnect") {
		return r
	}
	asking := *r
	asking.Method = http.MethodPost
	return &asking
}

func (s *Server) turnAway(w http.ResponseWriter, r *http.Request, format string, args ...any) {
	w.Header().Set("X-Request-Id", s.idOf(r))
	writeRefusal(w, http.StatusForbidden, fmt.Sprintf(format, args...))
}

// ofThisMachine tells whether the header Host is a name that nobody else can own.
func ofThisMachine(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost")
}
