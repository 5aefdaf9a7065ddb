package api

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/locutory/locutory/platform/config"
)

// a preflight is answered before anyone is asked, and refusals carry the headers, but for origins that are not let in.
func TestR8CORS(t *testing.T) {
	t.Parallel()
	listed := &config.CORS{AllowOrigins: []string{"https://chat.example"}, AllowOriginRegex: regexp.MustCompile(`^(?:https://.*\.corp\.example)$`), MaxAge: 60}
	tests := []struct {
		name, origin string
		cors         *config.CORS
		dev          bool
		want         string
	}{
		{"nothing configured", "https://evil.example", nil, false, ""},
		{"listed", "https://chat.example", listed, false, "https://chat.example"},
		{"by pattern", "https://a.corp.example", listed, false, "https://a.corp.example"},
		{"not by a part of the pattern", "https://a.corp.example.evil.example", listed, false, ""},
		{"any", "https://evil.example", &config.CORS{AllowOrigins: []string{"*"}}, false, "*"},
		{"dev, a port of this machine", "http://localhost:5173", nil, true, "http://localhost:5173"},
		{"dev, loopback", "http://127.0.0.1:3000", nil, true, "http://127.0.0.1:3000"},
		{"dev, not a name that begins so", "http://localhost.evil.example", nil, true, ""},
		{"not dev", "http://localhost:5173", nil, false, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &Server{Config: Config{CORS: tt.cors, Dev: tt.dev}}
			asked := 0
			handler := s.cors(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked++
				w.WriteHeader(http.StatusUnauthorized)
			}))
			call := func(method string, header ...string) *httptest.ResponseRecorder {
				r := httptest.NewRequest(method, "/threads", nil)
				r.Header.Set("Origin", tt.origin)
				for i := 0; i < len(header); i += 2 {
					r.Header.Set(header[i], header[i+1])
				}
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				return w
			}
			preflight := call(http.MethodOptions, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization")
			if preflight.Code != http.StatusNoContent || asked != 0 {
				t.Errorf("preflight: status %d, %d handlers asked", preflight.Code, asked)
			}
			refused := call(http.MethodPost)
			for name, w := range map[string]*httptest.ResponseRecorder{"preflight": preflight, "401": refused} {
				if got := w.Header().Get("Access-Control-Allow-Origin"); got != tt.want {
					t.Errorf("%s: allowed origin %q, want %q", name, got, tt.want)
				}
			}
			for _, name := range []string{"Content-Location", "Location", "X-Pagination-Total", "X-Pagination-Next"} { // rest.md 1.4
				exposes := strings.Split(refused.Header().Get("Access-Control-Expose-Headers"), ", ")
				if slices.Contains(exposes, name) != (tt.want != "") {
					t.Errorf("exposed headers %q and %s", exposes, name)
				}
			}
			if allowed := preflight.Header().Get("Access-Control-Allow-Headers"); (allowed == "authorization") != (tt.want != "") {
				t.Errorf("allowed headers %q", allowed)
			}
		})
	}
}
