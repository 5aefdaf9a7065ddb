package api

import (
	"log/slog"
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
		"wait=0": false, "wait=false": false, "wait=False": false, "wait=no": false, "wait=null": false, "wait=": false, "": false,
	} {
		if got, err := asked(query).flag("wait"); got != want || err != nil {
			t.Errorf("%q is %t, %v; want %t", query, got, err, want)
		}
	}
	for _, query := range []string{"wait=2", "wait=maybe", "wait=-1"} {
		if _, err := asked(query).flag("wait"); err == nil || !strings.HasPrefix(err.Error(), "wait: want true or false") {
			t.Errorf("%q is taken: %v", query, err)
		}
	}
}

func TestLevelsInQuery(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]int{
		"": 0, "xray=": 0, "xray=false": 0, "xray=no": 0, "xray=0": 0, "xray=1": 1, "xray=2": 2, "xray=true": 100, "xray=True": 100, "xray=yes": 100,
	} {
		if got, err := asked(query).levels("xray"); got != want || err != nil {
			t.Errorf("%q is %d, %v; want %d", query, got, err, want)
		}
	}
	for _, query := range []string{"xray=-1", "xray=deep", "xray=1.5", "xray=101"} {
		if got, err := asked(query).levels("xray"); err == nil {
			t.Errorf("%q is %d", query, got)
		}
	}
}

func asked(query string) *call {
	g, _ := gin.CreateTestContext(httptest.NewRecorder())
	g.Request = httptest.NewRequest(http.MethodGet, "/?"+query, nil)
	return &call{gin: g}
}

// A path is decoded once: what looks encoded after that is what it is, and + is no space.
func TestParamIsDecodedOnce(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{
		"/a+b": "a+b", "/a%2Bb": "a+b", "/a%20b": "a b", "/a|b+c": "a|b+c", "/a%7Cb": "a|b", "/a%2Fb": "a/b", "/a%2Fb+c": "a/b+c",
		"/a%252Fb": "a%2Fb", "/a%2Fb%2541": "a/b%41", "/%2E%2E": "..",
	} {
		engine := (&Server{Config: Config{Log: slog.New(slog.DiscardHandler)}}).router()
		var got string
		engine.GET("/:name", func(g *gin.Context) { got = (&call{gin: g}).param("name") })
		engine.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil))
		if got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		header []string
		want   bool
	}{
		{nil, false},
		{[]string{"return=minimal"}, true},
		{[]string{"Return=Minimal"}, true},
		{[]string{`return="minimal"`}, true},
		{[]string{"return = minimal"}, true},
		{[]string{"respond-async, return=minimal"}, true},
		{[]string{"return=minimal; foo=bar, wait=10"}, true},
		{[]string{"respond-async", "return=minimal"}, true},
		{[]string{"return=representation"}, false},
		{[]string{"minimal"}, false},
		{[]string{"return"}, false},
		{[]string{"x-return=minimal"}, false},
	} {
		if got := prefers(http.Header{"Prefer": test.header}, "return", "minimal"); got != test.want {
			t.Errorf("%q: %t", test.header, got)
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
