package compat

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/platform/api"
	"github.com/locutory/locutory/platform/config"
)

func TestEveryBodyIsFuzzed(t *testing.T) {
	t.Parallel()
	all, there := bodies(), map[string]bool{}
	for _, route := range new(api.Server).Routes() {
		if route.Method == http.MethodGet {
			continue
		}
		key := route.Method + " " + route.Path
		there[key] = true
		if _, ok := all[key]; !ok && route.Method != http.MethodDelete {
			t.Errorf("%s: no entry says what body it takes; add one", key)
		}
	}
	for key, b := range all {
		if !there[key] {
			t.Errorf("%s: there is no such route any more", key)
		}
		if b.request != nil {
			b.samples(t, func(text string) string { return text })
		}
	}
}

// Whatever a body holds, it is no failure of the server's; and what is refused has no effect at all.
func TestHostileBodies(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		every := Share().Bodies
		if strings.HasPrefix(uri, "postgres") {
			every *= 4
		}
		s := serve(t, privateChat(), uri, func(p *config.Process) { p.MaxBodyBytes, p.Workers = 1<<20, 4 })
		alices, bobs := settle(t, s, alice), settle(t, s, bob)
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}, Timeout: 20 * time.Second}
		t.Cleanup(client.CloseIdleConnections)
		for key, b := range bodies() {
			if b.request == nil {
				continue
			}
			t.Run(key, func(t *testing.T) {
				f := fuzzer{t: t, client: client, bodied: b}
				f.method, f.path, _ = strings.Cut(key, " ")
				f.path = cmp.Or(b.path, template(f.path))
				var refused []mutant
				n := 0
				for field, sample := range b.samples(t, alices.fill) {
					status, detail := f.send(alices, mutant{"/" + field, "as it should be", marshalled(t, sample)})
					if (status == 400 || status == 422) && b.odd[field] == "" {
						t.Errorf("the sample with %q is no good: status %d: %s", field, status, detail)
					}
					for _, m := range mutants(t, sample, func(int) bool { n++; return n%every == 0 }) {
						if field != "" && !strings.HasPrefix(m.at, "/"+field) {
							continue // base has had its turn
						}
						if status, _ := f.send(alices, m); status >= 400 {
							refused = append(refused, m)
						}
					}
				}
				// Bob sends again what was refused: nothing of his may change by it.
				f.path = strings.ReplaceAll(f.path, "{fresh}", "{thread}")
				before := bobs.everything()
				for _, m := range refused {
					m.body = strings.NewReplacer(pairs(alices, bobs)...).Replace(m.body)
					if status, _ := f.send(bobs, m); status < 400 {
						before = bobs.everything()
					}
				}
				f.tooBig(bobs)
				if diff := gocmp.Diff(before, bobs.everything()); diff != "" {
					t.Errorf("what was refused had an effect (-before +after):\n%s", diff)
				}
				t.Logf("%d bodies, %d of them refused", n/every, len(refused))
			})
		}
	})
}

// fuzzer sends bodies to one route.
type fuzzer struct {
	t            *testing.T
	client       *http.Client
	method, path string
	bodied       bodied
}

// send returns the status and the beginning of the answer. A failure of the server's, an answer with U+0000 in it, and one that is none fail the test.
func (f *fuzzer) send(e estate, m mutant) (int, string) {
	f.t.Helper()
	path := f.path
	if strings.Contains(path, "{fresh}") {
		path = strings.ReplaceAll(path, "{fresh}", e.must(200, "POST", "/threads", `{}`).field(f.t, "thread_id"))
	}
	status, body, err := f.exchange(e, path, m.body)
	about := func() string {
		return f.method + " " + f.path + ", " + m.at + ": " + m.how + ": " + short(m.body)
	}
	switch {
	case err != nil:
		f.t.Errorf("%s: %v", about(), err)
	case status >= 500:
		f.t.Errorf("%s: status %d: %s", about(), status, short(string(body)))
	case bytes.Contains(body, []byte(`\u0000`)) && !bytes.Contains(body, []byte(`\\u0000`)) || bytes.IndexByte(body, 0) >= 0:
		f.t.Errorf("%s: U+0000 comes back: %s", about(), short(string(body)))
	case status >= 400 && !strings.HasPrefix(strings.TrimSpace(string(body)), `{"detail":"`):
		f.t.Errorf("%s: status %d without a detail: %s", about(), status, short(string(body)))
	}
	return status, short(string(body))
}

func (f *fuzzer) exchange(e estate, path, body string) (status int, answer []byte, err error) {
	ctx, cancel := context.WithTimeout(f.t.Context(), 20*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, f.method, e.s.URL+e.fill(path), strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Authorization", "Bearer "+e.token)
	response, err := f.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	answer, err = io.ReadAll(response.Body)
	return response.StatusCode, answer, errors.Join(err, response.Body.Close())
}

// tooBig sends more than the limit, in one piece and without saying how much it is.
func (f *fuzzer) tooBig(e estate) {
	f.t.Helper()
	big := `{"metadata": {"note": "` + strings.Repeat("x", 1<<20) + `"}}`
	for _, body := range []string{big, strings.Repeat(" ", 1<<20) + f.bodied.base} {
		if status, answer, err := f.exchange(e, strings.ReplaceAll(f.path, "{fresh}", "{thread}"), body); err != nil || status != 413 {
			f.t.Errorf("%s %s with %d bytes: status %d, %v: %s", f.method, f.path, len(body), status, err, short(string(answer)))
		}
	}
}

func short(text string) string {
	if len(text) > 300 {
		return text[:200] + " … " + text[len(text)-100:]
	}
	return text
}

// pairs replace the ids of one estate by those of another.
func pairs(from, to estate) []string {
	out := []string{from.marker, to.marker}
	for name, id := range from.ids {
		out = append(out, id, to.ids[name])
	}
	return out
}

// everything is all that a user can see of what is theirs.
func (e estate) everything() map[string]string {
	e.s.t.Helper()
	all := e.snapshot()
	for _, path := range []string{"/threads/search", "/assistants/search", "/runs/crons/search", "/store/items/search"} {
		all["all of "+path] = string(e.must(200, "POST", path, `{"limit": 1000}`).Body)
	}
	for _, path := range []string{"/threads/count", "/assistants/count", "/runs/crons/count", "/store/namespaces"} {
		all["all of "+path] = string(e.must(200, "POST", path, `{}`).Body)
	}
	all["runs of {kept}"] = string(e.must(200, "GET", "/threads/{kept}/runs?limit=1000", "").Body)
	return all
}

func marshalled(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
