package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/locutory/locutory/platform/config"
)

// A page of another site can send a POST of text without a preflight, and its own name can be made to point to this machine.
func TestPagesOfOtherSites(t *testing.T) {
	t.Parallel()
	listed := &config.CORS{AllowOrigins: []string{"https://chat.example"}}
	const get, post = http.MethodGet, http.MethodPost
	for _, tt := range []struct {
		name, method, host, origin, site string
		local, dev                       bool
		want                             int
	}{
		{"a client that is no browser", post, "127.0.0.1:2024", "", "", true, true, 200},
		{"a page of the server", post, "localhost:2024", "http://localhost:2024", "same-origin", true, false, 200},
		{"a page behind a proxy that changes the host", post, "10.0.0.7:2024", "https://api.example", "same-origin", false, false, 200},
		{"another site", post, "localhost:2024", "https://evil.example", "cross-site", true, true, 403},
		{"another site, by an old browser", post, "localhost:2024", "https://evil.example", "", true, true, 403},
		{"another site, out of a frame", post, "localhost:2024", "null", "cross-site", true, true, 403},
		{"another site, with hooks", post, "api.example", "https://evil.example", "cross-site", false, false, 403},
		{"another site deletes", http.MethodDelete, "api.example", "https://evil.example", "cross-site", false, false, 403},
		{"another site reads: CORS keeps the answer from it", get, "localhost:2024", "https://evil.example", "cross-site", true, true, 200},
		{"a neighbour's port", post, "localhost:2024", "http://localhost:3000", "same-site", true, false, 403},
		{"a neighbour's port, in development", post, "localhost:2024", "http://localhost:3000", "same-site", true, true, 200},
		{"an origin that is let in", post, "api.example", "https://chat.example", "cross-site", false, false, 200},
		{"a name made to point here", get, "evil.example:2024", "", "same-origin", true, true, 403},
		{"a name made to point here, and its page", post, "evil.example:2024", "http://evil.example:2024", "same-origin", true, true, 403},
		{"a name that begins like ours", get, "localhost.evil.example", "", "", true, true, 403},
		{"an address of the network", get, "192.168.1.7:2024", "", "", true, true, 403},
		{"another name, with hooks", get, "api.example", "", "", false, false, 200},
		{"IPv6", get, "[::1]:2024", "", "", true, false, 200},
		{"IPv6 without port", get, "[::1]", "", "", true, false, 200},
		{"127.1.2.3", get, "127.1.2.3", "", "", true, false, 200},
		{"a name below localhost", get, "agent.LOCALHOST.:2024", "", "", true, false, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &Server{Config: Config{NewID: func() string { return "id" }, CORS: listed, Dev: tt.dev, LocalOnly: tt.local}}
			served := false
			handler := s.cors(s.pages(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served = true })))
			r := httptest.NewRequest(tt.method, "/threads", strings.NewReader("{}"))
			r.Host = tt.host
			r.Header.Set("Content-Type", "text/plain")
			for name, value := range map[string]string{"Origin": tt.origin, "Sec-Fetch-Site": tt.site} {
				if value != "" {
					r.Header.Set(name, value)
				}
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != tt.want || served != (tt.want == 200) {
				t.Errorf("status %d, served %v; want %d", w.Code, served, tt.want)
			}
			if w.Code == 403 && !strings.Contains(w.Body.String(), "platform.json") {
				t.Errorf("%s does not say the way out", w.Body)
			}
		})
	}
}
