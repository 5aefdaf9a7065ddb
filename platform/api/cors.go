package api

import (
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// exposed are the headers that a page's script must be able to read: clients take run ids and places to resume from them.
var exposed = []string{"Content-Location", "Location", "X-Pagination-Total", "X-Pagination-Next", "X-Request-Id", "Locutory-Ignored-Fields"}

// cors stands around everything, so that a preflight is answered before anyone is asked who they are, and so that refusals
// carry the headers as well: without them a browser shows its user a network failure in place of a 401 (auth.md R-8).
func (s *Server) cors(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		if origin == "" {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Add("Vary", "Origin")
		allowed := s.allows(origin)
		if allowed {
			s.allow(w.Header(), origin)
		}
		if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
			next.ServeHTTP(w, r)
			return
		}
		if allowed {
			s.preflight(w.Header(), r)
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

func (s *Server) allow(h http.Header, origin string) {
	h.Set("Access-Control-Allow-Origin", origin)
	expose := exposed
	if s.CORS != nil {
		if slices.Contains(s.CORS.AllowOrigins, "*") {
			h.Set("Access-Control-Allow-Origin", "*")
		}
		if s.CORS.AllowCredentials {
			h.Set("Access-Control-Allow-Credentials", "true")
		}
		expose = append(slices.Clone(exposed), s.CORS.ExposeHeaders...)
	}
	h.Set("Access-Control-Expose-Headers", strings.Join(expose, ", "))
}

func (s *Server) preflight(h http.Header, r *http.Request) {
	methods, headers, age := []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}, r.Header.Get("Access-Control-Request-Headers"), 600
	if s.CORS != nil {
		if len(s.CORS.AllowMethods) > 0 {
			methods = s.CORS.AllowMethods
		}
		if len(s.CORS.AllowHeaders) > 0 {
			headers = strings.Join(s.CORS.AllowHeaders, ", ")
		}
		age = s.CORS.MaxAge
	}
	h.Set("Access-Control-Allow-Methods", strings.Join(methods, ", "))
	if headers != "" {
		h.Set("Access-Control-Allow-Headers", headers)
	}
	h.Set("Access-Control-Max-Age", strconv.Itoa(age))
}

// allows tells whether a page of the origin may read answers: what platform.json lists, and in dev any page of this machine.
func (s *Server) allows(origin string) bool {
	if s.CORS != nil {
		if slices.Contains(s.CORS.AllowOrigins, "*") || slices.Contains(s.CORS.AllowOrigins, origin) {
			return true
		}
		if s.CORS.AllowOriginRegex != nil && s.CORS.AllowOriginRegex.MatchString(origin) {
			return true
		}
	}
	return s.Dev && local(origin)
}

func local(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
