package compat

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/locutory/locutory/platform/store/storetest"
)

// TestFilters covers rest.md §1.5: filters of metadata and values are Postgres's containment, on either database and on every route
// that has one.
func TestFilters(t *testing.T) {
	t.Parallel()
	const doc = `{"n": 1, "f": 1.5, "big": 9007199254740993, "yes": true, "no": false, "none": null, "text": "ä'\"%_\\", "list": [1, "a", null, [2, 3], {"k": "v", "l": 1}],
		"deep": {"a": {"b": 1, "c": null}}, "nothing": {}, "empty": [], "": "blank", "a.b": 1, "$eq": 2}`
	contained := map[string]bool{
		`{}`: true, `{"n": 1}`: true, `{"n": 1.0}`: true, `{"n": 1e0}`: true, `{"n": 2}`: false, `{"n": true}`: false, `{"n": "1"}`: false, `{"n": null}`: false,
		`{"n": [1]}`: false, `{"n": {}}`: false, `{"f": 1.5}`: true, `{"f": 1.50}`: true, `{"f": 15e-1}`: true, `{"f": 1}`: false,
		`{"big": 9007199254740993}`: true, `{"big": 9007199254740992}`: false,
		`{"yes": true}`: true, `{"yes": 1}`: false, `{"yes": "true"}`: false, `{"yes": false}`: false, `{"no": false}`: true, `{"no": 0}`: false, `{"no": null}`: false,
		`{"none": null}`: true, `{"none": false}`: false, `{"none": {}}`: false, `{"absent": null}`: false, `{"absent": {}}`: false,
		`{"text": "ä'\"%_\\"}`: true, `{"text": "Ä'\"%_\\"}`: false, `{"text": "%"}`: false, `{"text": ""}`: false,
		`{"list": []}`: true, `{"list": [1]}`: true, `{"list": ["a", 1]}`: true, `{"list": [1, 1]}`: true, `{"list": [true]}`: false, `{"list": [null]}`: true,
		`{"list": [2]}`: false, `{"list": [[2]]}`: true, `{"list": [[3, 2]]}`: true, `{"list": [[4]]}`: false, `{"list": [[]]}`: true, `{"list": [{}]}`: true,
		`{"list": [{"k": "v"}]}`: true, `{"list": [{"k": "v", "l": 1.0}]}`: true, `{"list": [{"k": "w"}]}`: false, `{"list": "a"}`: false, `{"list": {"0": 1}}`: false, `{"list": {}}`: false,
		`{"deep": {}}`: true, `{"deep": {"a": {}}}`: true, `{"deep": {"a": {"b": 1}}}`: true, `{"deep": {"a": {"b": 1, "c": null}}}`: true, `{"deep": {"a": {"b": 2}}}`: false,
		`{"deep": {"b": 1}}`: false, `{"deep.a": {}}`: false, `{"deep": []}`: false,
		`{"nothing": {}}`: true, `{"nothing": []}`: false, `{"nothing": null}`: false, `{"empty": []}`: true, `{"empty": {}}`: false, `{"empty": [null]}`: false,
		`{"": "blank"}`: true, `{"a.b": 1}`: true, `{"a": {"b": 1}}`: false, `{"$eq": 2}`: true, `{"n": {"$eq": 1}}`: false,
		`{"n": 1, "yes": true, "list": [{"l": 1}]}`: true, `{"n": 1, "yes": false}`: false,
	}
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(nesting(doc)), uri)
		thread := s.must(200, alice, "POST", "/threads", `{"metadata": `+doc+`}`).field(t, "thread_id")
		assistant := s.must(200, alice, "POST", "/assistants", `{"graph_id": "agent", "metadata": `+doc+`}`).field(t, "assistant_id")
		s.must(200, alice, "POST", "/threads", `{}`)
		s.must(200, alice, "POST", "/threads/"+thread+"/runs/wait", `{"assistant_id": "nesting", "input": {"word": "go"}, "metadata": `+doc+`}`)
		s.must(200, bob, "POST", "/threads", `{"metadata": `+doc+`}`)
		for filter, want := range contained {
			if filter == `{}` {
				continue // which all rows contain
			}
			counts := map[string]string{
				"/threads/count":    `{"metadata": ` + filter + `}`,
				"/assistants/count": `{"metadata": ` + filter + `}`,
			}
			if filter != `{"absent": {}}` { // of values, the filter is one level further in
				counts["/threads/count?values"] = `{"values": {"nest": ` + filter + `}}`
			}
			for path, body := range counts {
				if got := string(s.must(200, alice, "POST", path, body).Body); got != map[bool]string{true: "1", false: "0"}[want] {
					t.Errorf("%s %s: %s rows, want it contained: %t", path, body, got, want)
				}
			}
			for path, body := range map[string]string{
				"/assistants/" + assistant + "/versions": `{"metadata": ` + filter + `}`,
				"/threads/" + thread + "/history":        `{"metadata": ` + filter + `, "limit": 1}`,
				"/threads/search":                        `{"metadata": ` + filter + `, "select": ["thread_id"]}`,
			} {
				var rows []any
				if s.must(200, alice, "POST", path, body).into(t, &rows); len(rows) != map[bool]int{true: 1}[want] {
					t.Errorf("%s %s: %d rows, want it contained: %t", path, body, len(rows), want)
				}
			}
		}
		for _, none := range []string{`{"values": {"nest": {}}}`, `{"values": {"word": "go"}}`} { // a thread without values has no values
			if got := string(s.must(200, alice, "POST", "/threads/count", none).Body); got != "1" {
				t.Errorf("%s: %s threads, want the one that has run", none, got)
			}
		}
	})
}

// TestNullIsAbsent covers rest.md §1.1 and gotcha 23: null in a field that may be left out is as if it were.
func TestNullIsAbsent(t *testing.T) {
	t.Parallel()
	s := serve(t, privateChat(), storetest.SQLite(t).URI)
	e := settle(t, s, alice)
	required := map[string]bool{"assistant_id": true, "graph_id": true, "version": true, "thread_ids": true, "schedule": true, "namespace": true, "key": true, "value": true}
	for key, b := range bodies() {
		method, path, _ := strings.Cut(key, " ")
		if b.request == nil || path == "/runs/batch" || path == "/runs/cancel" || strings.HasSuffix(path, "/runs/stream") {
			continue // an array, one of two, and a stream
		}
		if b.path != "" {
			path = b.path
		}
		t.Run(key, func(t *testing.T) {
			for field, sample := range b.samples(t, e.fill) {
				body, ok := sample.(map[string]any)
				if !ok || field == "" || required[field] {
					continue
				}
				body[field] = nil
				at := e.fill(template(path))
				if strings.Contains(at, "{fresh}") {
					at = strings.ReplaceAll(at, "{fresh}", e.must(200, "POST", "/threads", `{}`).field(t, "thread_id"))
				}
				if a := s.as(alice, method, at, marshalled(t, body)); a.Status >= 400 && a.Status != 404 && a.Status != 409 {
					t.Errorf("%s: null: status %d: %s", field, a.Status, a.Body)
				}
			}
		})
	}
}

// TestPages covers rest.md §1.5 at the edges of a page.
func TestPages(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		for i := range 11 {
			s.must(200, alice, "POST", "/threads", fmt.Sprintf(`{"metadata": {"n": %d}}`, i))
			s.must(200, alice, "POST", "/assistants", fmt.Sprintf(`{"graph_id": "agent", "metadata": {"n": %d}}`, i))
		}
		s.must(200, bob, "POST", "/threads", `{"metadata": {"n": 1}}`)
		type page struct {
			rows        int
			total, next string
		}
		for body, want := range map[string]page{
			``:                           {10, "11", "10"},
			`{"limit": 1}`:               {1, "11", "1"},
			`{"limit": 11}`:              {11, "11", ""},
			`{"limit": 12}`:              {11, "11", ""},
			`{"limit": 1000}`:            {11, "11", ""},
			`{"limit": 10, "offset": 1}`: {10, "11", ""},
			`{"limit": 5, "offset": 5}`:  {5, "11", "10"},
			`{"limit": 5, "offset": 10}`: {1, "11", ""},
			`{"limit": 5, "offset": 11}`: {0, "11", ""},
			`{"offset": 1000000}`:        {0, "11", ""},
			`{"limit": 1000, "offset": 9223372036854775807}`: {0, "11", ""},
		} {
			for _, path := range []string{"/threads/search", "/assistants/search"} {
				filtered := strings.Replace(body, "{", `{"metadata": {"owner": "user1"}, `, 1) // the server's own assistants are not of this
				if body == "" {
					filtered = `{"metadata": {"owner": "user1"}}`
				}
				a := s.must(200, alice, "POST", path, filtered)
				var rows []any
				a.into(t, &rows)
				got := page{len(rows), a.Header.Get("X-Pagination-Total"), a.Header.Get("X-Pagination-Next")}
				if got != want {
					t.Errorf("%s %s: %+v, want %+v", path, filtered, got, want)
				}
			}
		}
		for _, path := range []string{"/threads/search", "/assistants/search"} {
			if path == "/threads/search" {
				many := strings.TrimSuffix(strings.Repeat(`"0198f0d4-0000-7000-8000-00000000000a",`, 10_001), ",")
				if a := s.must(422, alice, "POST", path, `{"ids": [`+many+`]}`); a.field(t, "detail") != "ids: at most 10000" {
					t.Errorf("%s", a.Body)
				}
				s.must(200, alice, "POST", path, `{"ids": [`+many[:len(many)-39]+`]}`)
			}
			for _, bad := range []string{`{"limit": 0}`, `{"limit": 1001}`, `{"limit": "5"}`, `{"limit": 1.5}`, `{"offset": -1}`, `{"offset": "1"}`, `{"sort_order": "up"}`, `{"sort_order": "DESC"}`, `{"sort_by": "metadata"}`, `{"select": "name"}`, `{"select": [7]}`} {
				s.must(422, alice, "POST", path, bad)
			}
		}
	})
}

// TestSelectAndSort covers the fields and columns of rest.md §3.2 and §4.2: each selected name alone, each column both ways.
func TestSelectAndSort(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		for i := range 3 {
			id := s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
			s.must(200, alice, "POST", "/assistants", fmt.Sprintf(`{"graph_id": "agent", "name": "n%d"}`, 2-i))
			if i == 1 {
				s.must(200, alice, "POST", "/threads/"+id+"/runs/wait", said("x"))
			}
		}
		for path, fields := range map[string]string{
			"/threads/search":    "thread_id created_at updated_at state_updated_at metadata config status values interrupts",
			"/assistants/search": "assistant_id graph_id name description config context created_at updated_at metadata version",
		} {
			for _, field := range strings.Fields(fields) {
				var rows []map[string]any
				s.must(200, alice, "POST", path, `{"limit": 1, "select": ["`+field+`", "`+field+`"]}`).into(t, &rows)
				if _, ok := rows[0][field]; !ok || len(rows[0]) != 1 {
					t.Errorf("%s: select %s: %v", path, field, rows)
				}
			}
		}
		for path, columns := range map[string]string{
			"/threads/search":    "thread_id status created_at updated_at state_updated_at",
			"/assistants/search": "assistant_id graph_id name created_at updated_at",
		} {
			for _, column := range strings.Fields(columns) {
				for order, wrong := range map[string]int{"": -1, "desc": -1, "asc": 1} {
					var rows []map[string]any
					body := `{"sort_by": "` + column + `", "sort_order": "` + order + `"}`
					if order == "" {
						body = `{"sort_by": "` + column + `", "sort_order": null}`
					}
					s.must(200, alice, "POST", path, body).into(t, &rows)
					for i := 1; i < len(rows); i++ {
						if strings.Compare(fmt.Sprint(rows[i-1][column]), fmt.Sprint(rows[i][column])) == wrong {
							t.Errorf("%s %s: %v comes before %v", path, body, rows[i-1][column], rows[i][column])
						}
					}
					if len(rows) < 3 {
						t.Errorf("%s %s: %d rows", path, body, len(rows))
					}
				}
			}
		}
	})
}

// TestQueries covers rest.md §1.6: what a query says, in the words of either client.
func TestQueries(t *testing.T) {
	t.Parallel()
	s := serve(t, privateChat(press("press")), storetest.SQLite(t).URI)
	id := s.must(200, alice, "POST", "/threads", `{"ttl": 60}`).field(t, "thread_id")
	for query, want := range map[string]bool{
		"": false, "?include=": false, "?include=ttl": true, "?include=ttl,ttl": true, "?include=" + url.QueryEscape(`["ttl"]`): true, "?include=ttl&include=ttl": true,
	} {
		if got := strings.Contains(string(s.must(200, alice, "GET", "/threads/"+id+query, "").Body), `"ttl"`); got != want {
			t.Errorf("%s shows the time to live: %t", query, got)
		}
	}
	for query, want := range map[string]bool{
		"": false, "?xray=false": false, "?xray=False": false, "?xray=0": false, "?xray=no": false,
		"?xray=true": true, "?xray=True": true, "?xray=yes": true, "?xray=1": true, "?xray=7": true,
	} {
		if got := strings.Contains(string(s.must(200, alice, "GET", "/assistants/press/graph"+query, "").Body), "draft"); got != want {
			t.Errorf("%s shows the graph inside: %t", query, got)
		}
	}
}
