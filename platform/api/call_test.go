package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"
)

// The lists that clients send in a query, in each of their ways (rest.md §1.6).
func TestListInQuery(t *testing.T) {
	t.Parallel()
	for query, want := range map[string][]string{
		"select=a&select=b":               {"a", "b"},
		"select=a,b":                      {"a", "b"},
		"select=" + `%5B%22a%22,%22b%22]`: {"a", "b"},
		"select=":                         nil,
		"":                                nil,
		"select=" + `%5B%22a,b%22]`:       {"a,b"},
		"select=a&selects=b&select=c":     {"a", "c"},
	} {
		g, _ := gin.CreateTestContext(httptest.NewRecorder())
		g.Request = httptest.NewRequest(http.MethodGet, "/?"+query, nil)
		if diff := cmp.Diff(want, (&call{gin: g}).list("select")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", query, diff)
		}
	}
}

func TestFlagInQuery(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]bool{
		"wait=1": true, "wait=true": true, "wait=True": true, "wait=yes": true,
		"wait=0": false, "wait=false": false, "wait=": false, "": false, "wait=2": false,
	} {
		g, _ := gin.CreateTestContext(httptest.NewRecorder())
		g.Request = httptest.NewRequest(http.MethodGet, "/?"+query, nil)
		if got := (&call{gin: g}).flag("wait"); got != want {
			t.Errorf("%q is %t, want %t", query, got, want)
		}
	}
}

// Names of fields come from clients: none of them may end the header's line or make it endless.
func TestHeaderListIsOneShortLine(t *testing.T) {
	t.Parallel()
	names := []string{"plain", "with space", "a\r\nSet-Cookie: x", "comma,", `quote"`, "ünïcode", strings.Repeat("x", 1000)}
	for range 100 {
		names = append(names, "more")
	}
	got := headerList(names)
	if strings.ContainsAny(got, "\r\n") || len(got) > 4096 || !strings.HasPrefix(got, `plain, "with space", "a\r\nSet-Cookie: x"`) {
		t.Errorf("got %q", got)
	}
	for _, r := range got {
		if r > '~' {
			t.Errorf("%q is no ASCII", r)
		}
	}
}

func TestPlainRequestID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{
		"": false, "abc-123": true, "a b": false, "a\nb": false, "é": false, strings.Repeat("x", 128): true, strings.Repeat("x", 129): false,
	} {
		if got := plain(id); got != want {
			t.Errorf("%q is %t, want %t", id, got, want)
		}
	}
}
