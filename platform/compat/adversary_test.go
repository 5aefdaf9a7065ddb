package compat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/api"
	"github.com/locutory/locutory/platform/store/storetest"
)

// TestAdversary lets three users send random requests to all routes, about their own rows, those of the others, and none. What one
// of them has written may never be in an answer to another, and rows that their owner leaves alone must be the same at the end.
// ADVERSARY_SEED repeats the choices of a run.
func TestAdversary(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if text := os.Getenv("ADVERSARY_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("ADVERSARY_SEED=%d", seed)

	users := map[string]authhooks.User{}
	for i := range 3 {
		users[tokenOf(i)] = authhooks.User{Identity: fmt.Sprintf("user%d", i)}
	}
	auth := authhooks.New(people(users), authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")))
	s := serve(t, withAuth(auth), storetest.SQLite(t).URI)
	w := newWorld(len(users))
	var estates []estate
	var before []map[string]string
	for i := range len(users) {
		e := settle(t, s, tokenOf(i))
		w.reserve(i, e.ids)
		estates, before = append(estates, e), append(before, e.snapshot())
	}

	const workers = 6
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: workers}}
	defer client.CloseIdleConnections()
	var all sync.WaitGroup
	for n := range workers {
		a := &adversary{
			t: t, s: s, w: w, user: n % len(users), client: client, estates: estates, routes: new(api.Server).Routes(),
			rng: rand.New(rand.NewPCG(seed, uint64(n))), statuses: map[int]int{},
		}
		all.Go(func() {
			for range Share().Requests / workers {
				if t.Failed() || !a.once() {
					return
				}
			}
			t.Logf("user%d got %v", a.user, a.statuses)
		})
	}
	all.Wait()
	for i, e := range estates {
		e.unchanged(t, before[i])
	}
}

func tokenOf(user int) string { return fmt.Sprintf("token-of-user%d", user) }

// adversary is one user at work.
type adversary struct {
	t        *testing.T
	s        *server
	w        *world
	user     int
	client   *http.Client
	rng      *rand.Rand
	routes   []api.Route
	estates  []estate
	statuses map[int]int
}

// shot is a request, and what the oracle expects of its answer.
type shot struct {
	route      api.Route
	path, body string
	foreign    bool // it names a row that is not the user's: no success
	fruitless  bool // it searches for what others have written: nothing is found
	thread     string
}

// once sends one request and judges the answer.
func (a *adversary) once() bool {
	y := a.aim(a.routes[a.rng.IntN(len(a.routes))])
	a.w.name(a.user, uuids.FindAllString(y.path+y.body, -1))
	got, err := a.send(y.route.Method, y.path, y.body)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		got, err = a.comeBack(got)
	}
	wrong := ""
	if err == nil {
		wrong = a.judge(y, got)
	}
	if err != nil || wrong != "" {
		a.t.Errorf("user%d, %s %s %s: %s, %v: status %d: %.2000s", a.user, y.route.Method, y.path, y.body, wrong, err, got.Status, got.Body)
		return false
	}
	a.statuses[got.Status]++
	a.learn(y, got)
	return true
}

// send sends as the user.
func (a *adversary) send(method, path, body string) (answer, error) {
	ctx, cancel := context.WithTimeout(a.t.Context(), 60*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, a.s.URL+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Authorization", "Bearer "+tokenOf(a.user))
	r.Header.Set("Accept", "application/json, text/event-stream")
	if endlessPath.MatchString(r.URL.Path) {
		r.Header.Set("Last-Event-ID", "-")
	}
	response, err := a.client.Do(r)
	if err != nil {
		return answer{}, err
	}
	whole, err := readAnswer(response)
	_ = response.Body.Close()
	return answer{response.StatusCode, response.Header, bytes.TrimSpace(whole)}, err
}

// comeBack asks again for an answer that was cut off, as clients do: the run moved to another worker, or it was deleted meanwhile.
func (a *adversary) comeBack(cut answer) (answer, error) {
	again, err := cut, io.ErrUnexpectedEOF
	for tries := 0; errors.Is(err, io.ErrUnexpectedEOF) && tries < 10; tries++ {
		again, err = a.send(http.MethodGet, cut.Header.Get("Location"), "")
	}
	return again, err
}

var uuids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)

// judge says what is wrong with an answer.
func (a *adversary) judge(y shot, got answer) string {
	switch {
	case got.Status >= 500:
		return "the server failed"
	case y.foreign && got.Status < 300 && !agentRefused(y, got):
		return "a row of somebody else, or none, was reached"
	case y.fruitless && got.Status == http.StatusOK && !slices.Contains([]string{"[]", "0", `{"items":[]}`}, string(got.Body)):
		return "a search for what others wrote found something"
	}
	var head bytes.Buffer
	if err := got.Header.Write(&head); err != nil {
		return err.Error()
	}
	whole := append(head.Bytes(), got.Body...)
	for other := range a.w.users {
		if other != a.user && (bytes.Contains(whole, []byte(markOf(other))) || bytes.Contains(whole, []byte(a.estates[other].marker))) {
			return fmt.Sprintf("it has a text of user%d in it", other)
		}
	}
	for _, id := range uuids.FindAll(whole, -1) {
		if a.w.leaks(a.user, string(id)) {
			return fmt.Sprintf("it has the id %s of another user in it", id)
		}
	}
	return ""
}

// agentRefused tells that an agent has answered with an error, which is a 200.
func agentRefused(y shot, got answer) bool {
	return strings.HasPrefix(y.route.Path, "/a2a") && bytes.Contains(got.Body, []byte(`"error":{"code":-32`))
}

// learn notes the rows that the answer tells of.
func (a *adversary) learn(y shot, got answer) {
	if got.Status != http.StatusOK {
		return
	}
	if location := got.Header.Get("Content-Location"); location != "" && y.route.Method == http.MethodPost {
		run := location[strings.LastIndex(location, "/")+1:]
		a.w.claim(runs, a.user, run, y.thread)
		return
	}
	if strings.HasPrefix(y.route.Path, "/a2a") {
		var sent struct {
			Result struct {
				Task struct{ ID, ContextID string }
			}
		}
		if json.Unmarshal(got.Body, &sent) == nil {
			a.w.claim(threads, a.user, sent.Result.Task.ContextID, "")
			a.w.claim(runs, a.user, sent.Result.Task.ID, sent.Result.Task.ContextID)
		}
		return
	}
	var row struct {
		Thread     string `json:"thread_id"`
		Assistant  string `json:"assistant_id"`
		Cron       string `json:"cron_id"`
		Checkpoint struct {
			ID string `json:"checkpoint_id"`
		} `json:"checkpoint"`
	}
	if json.Unmarshal(got.Body, &row) != nil {
		return
	}
	switch y.route.Method + " " + y.route.Path {
	case "POST /threads":
		a.w.claim(threads, a.user, row.Thread, "")
	case "POST /runs/crons", "POST /threads/:thread_id/runs/crons":
		a.w.claim(crons, a.user, row.Cron, "")
	case "POST /assistants":
		a.w.claim(assistants, a.user, row.Assistant, "")
	case "GET /threads/:thread_id/state", "POST /threads/:thread_id/state":
		a.w.claim(checkpoints, a.user, row.Checkpoint.ID, "")
	}
}

// someones returns an id for a request: mostly the user's own, else another's, one of the estates that owners leave alone, or none.
func (a *adversary) someones(k kind) (id string, own bool) {
	if dice := a.rng.IntN(10); dice < 6 {
		if id := a.w.pick(a.rng, k, a.user); id != "" {
			return id, true
		}
	} else if dice < 9 {
		other := (a.user + 1 + a.rng.IntN(a.w.users-1)) % a.w.users
		if id := a.w.pick(a.rng, k, other); id != "" && dice < 8 {
			return id, false
		}
		ids := a.estates[other].ids
		names := map[kind][]string{assistants: {"assistant"}, threads: {"thread", "busy", "kept"}, runs: {"run", "pending", "loose"}, checkpoints: {"checkpoint"}, crons: {"cron", "plan"}}[k]
		return ids[names[a.rng.IntN(len(names))]], false
	}
	return uuid.Must(uuid.NewRandomFromReader(source{a.rng})).String(), false
}

// source makes ids of the seed.
type source struct{ rng *rand.Rand }

func (s source) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(s.rng.Uint32())
	}
	return len(p), nil
}
