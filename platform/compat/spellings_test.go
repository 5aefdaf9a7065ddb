package compat

import (
	"cmp"
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/locutory/locutory/platform/api"
)

// spellings are ways to write a UUID, in paths and bodies.
func spellings() map[string]func(id string) string {
	return map[string]func(string) string{
		"upper case": strings.ToUpper,
		"braces":     func(id string) string { return "{" + id + "}" },
		"urn":        func(id string) string { return "urn:uuid:" + id },
		"hex":        func(id string) string { return strings.ReplaceAll(id, "-", "") },
		"blanks":     func(id string) string { return " " + id + " " },
		"a NUL":      func(id string) string { return id + "\\u0000" },
	}
}

// roads are ways to write a path.
func roads() map[string]func(path string) string {
	query := func(change func(path string) string) func(string) string {
		return func(whole string) string {
			path, rest, asked := strings.Cut(whole, "?")
			if path = change(path); asked {
				path += "?" + rest
			}
			return path
		}
	}
	return map[string]func(string) string{
		"slash":     query(func(path string) string { return path + "/" }),
		"two":       query(func(path string) string { return "/" + path }),
		"inner two": query(func(path string) string { return path[:1] + strings.Replace(path[1:], "/", "//", 1) }),
		"dots":      query(func(path string) string { return "/ok/.." + path }),
		"escaped":   query(func(path string) string { return path[:len(path)-1] + fmt.Sprintf("%%%02X", path[len(path)-1]) }),
		"escaped /": query(func(path string) string { return path[:1] + strings.Replace(path[1:], "/", "%2F", 1) }),
		"semicolon": query(func(path string) string { return path + ";x=1" }),
		"capital":   query(func(path string) string { return "/" + strings.ToUpper(path[1:2]) + path[2:] }),
	}
}

// No spelling of an id, and none of a path, tells a row of somebody else from one that is not there.
func TestAC17AC45NoSpellingTells(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(), uri)
		e := settle(t, s, alice)
		bobs := settle(t, s, bob)
		absent := e.strangers()
		absent.ids["hex"] = strings.ReplaceAll(absent.ids["assistant"], "-", "")
		for _, of := range []estate{e, absent} {
			of.ids["mine"], of.ids["myrun"] = bobs.ids["thread"], bobs.ids["run"]
		}
		before := e.snapshot()
		for _, route := range new(api.Server).Routes() {
			if route.Public() || route.Operator() {
				continue
			}
			for _, key := range rows(route) {
				for _, y := range twoUsers()[key].attempts() {
					if y.want == taken || y.want == missing || y.want == anyone || strings.Contains(y.path, "before=") { // which an unknown id makes, or precedes
						continue
					}
					for name, spell := range spellings() {
						y.spelled(t, name, route, absent, e, spell, func(path string) string { return path })
					}
					for name, road := range roads() {
						y.spelled(t, name, route, absent, e, func(id string) string { return id }, road)
					}
				}
			}
		}
		e.unchanged(t, before)
	})
}

// spelled makes the try with the ids and the path in another spelling, and wants the same of what is not there and of what is.
func (y try) spelled(t *testing.T, about string, route api.Route, absent, foreign estate, spell, road func(string) string) {
	t.Helper()
	y.path = cmp.Or(y.path, template(route.Path))
	var answers []map[string]any
	for _, of := range []estate{absent, foreign} {
		ids := estate{s: of.s, marker: of.marker, ids: map[string]string{}}
		for name, id := range of.ids {
			if ids.ids[name] = id; uuid.Validate(id) == nil && len(id) == 36 {
				ids.ids[name] = spell(id)
			}
		}
		path := strings.NewReplacer(" ", "%20", `\u0000`, "%00").Replace(road(ids.fill(y.path)))
		a := of.s.as(bob, route.Method, path, ids.fill(y.body)).comparable(ids)
		// What is lowered, or of which the dashes are taken, is named as it is.
		a["body"] = strings.ReplaceAll(of.unfill([]byte(a["body"].(string))), "{hex}", "{assistant}")
		answers = append(answers, a)
	}
	if diff := gocmp.Diff(answers[0], answers[1]); diff != "" {
		t.Errorf("%s: %s %s %s (-absent +foreign):\n%s", about, route.Method, y.path, y.body, diff)
	}
}
