package cron_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/store/storetest"
)

// TestR16FiresAsItsMaker is also the firing of AC-22.
func TestR16FiresAsItsMaker(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, s *server) {
		made := s.make("user1", store.CronNew{
			Payload: store.JSON(`{"assistant_id":"echo","input":{"word":"hi"},"multitask_strategy":"reject"}`), Metadata: map[string]any{"k": "v"},
		})
		s.fire(noon.Add(-time.Second))
		if runs := s.claimed(); len(runs) != 0 {
			t.Fatalf("%d runs before the time", len(runs))
		}
		s.fire(noon.Add(time.Second))
		all := s.claimed()
		if len(all) != 1 {
			t.Fatalf("%d runs, want 1; log:\n%s", len(all), s.log.String())
		}
		want := []string{"crons:read cron user1", "threads:create_run cron user1", "threads:create cron user1"}
		if diff := cmp.Diff(want, s.asked); diff != "" {
			t.Errorf("asked (-want +got):\n%s", diff)
		}
		run := all[0]
		who, err := access.ParsePrincipal(run.Principal)
		s.check(err)
		if who.Identity != "user1" || !slices.Equal(who.Permissions, []string{"then"}) {
			t.Errorf("the run acts for %+v", who)
		}
		got := metadata(t, run.Run.Metadata)
		delete(got, "created_by")
		if diff := cmp.Diff(map[string]any{"k": "v", "cron_id": made.ID, "graph_id": "echo", "assistant_id": made.AssistantID}, got); diff != "" {
			t.Errorf("metadata of the run (-want +got):\n%s", diff)
		}
		if !run.Thread.Temporary || metadata(t, run.Thread.Metadata)["owner"] != "user1" {
			t.Errorf("its thread: %+v, %s", run.Thread, run.Thread.Metadata)
		}
		if next := s.read("user1", made.ID).NextAt; !next.Equal(noon.Add(time.Hour)) {
			t.Errorf("next at %v", next)
		}
		s.fire(noon.Add(59 * time.Minute))
		if runs := s.claimed(); len(runs) != 0 {
			t.Errorf("%d runs more in the same hour", len(runs))
		}
	})
}

// TestR16MakerMustNotAct pauses the cron of a user who is gone, and runs nothing.
func TestR16MakerMustNotAct(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	answers := map[string]error{
		"gone": &authhooks.Error{Status: http.StatusForbidden, Detail: "disabled"}, "broken": errors.New("no such user"),
		"unknown": &authhooks.Error{Status: http.StatusServiceUnavailable},
	}
	resolve := authhooks.Resolve(func(_ context.Context, identity string) (*authhooks.User, error) {
		mu.Lock()
		defer mu.Unlock()
		return &authhooks.User{Identity: identity, Permissions: []string{"now"}}, answers[identity]
	})
	s := setup(t, storetest.Open(t, storetest.SQLite(t)), resolve)
	for _, user := range []string{"gone", "broken"} {
		made := s.make(user, store.CronNew{})
		s.fire(noon)
		if got := s.read(user, made.ID); got.Enabled || !got.NextAt.IsZero() {
			t.Errorf("%s: enabled %v, next at %v", user, got.Enabled, got.NextAt)
		}
		s.logs("cron paused")
	}
	made := s.make("unknown", store.CronNew{})
	s.fire(noon)
	if got := s.read("unknown", made.ID); !got.Enabled || !got.NextAt.Equal(noon) {
		t.Errorf("not known: enabled %v, next at %v", got.Enabled, got.NextAt)
	}
	if all := s.claimed(); len(all) != 0 || len(s.asked) != 0 {
		t.Fatalf("%d runs, asked %v", len(all), s.asked)
	}
	mu.Lock()
	delete(answers, "unknown")
	mu.Unlock()
	s.fire(noon.Add(30 * time.Second)) // when the lease has ended
	all := s.claimed()
	if len(all) != 1 {
		t.Fatalf("%d runs, want 1", len(all))
	}
	if who, err := access.ParsePrincipal(all[0].Principal); err != nil || !slices.Equal(who.Permissions, []string{"now"}) {
		t.Errorf("the run acts for %+v, %v: not as the operator says now", who, err)
	}
}

// TestHooksRefuse asks again at each firing: who may not run any more gets no run, and may again when the hooks let him.
func TestHooksRefuse(t *testing.T) {
	t.Parallel()
	for _, event := range []string{"crons:read", "threads:create_run", "threads:create"} {
		t.Run(event, func(t *testing.T) {
			t.Parallel()
			s := setup(t, storetest.Open(t, storetest.SQLite(t)))
			s.denied[event] = &authhooks.Error{Status: http.StatusForbidden, Detail: "not any more"}
			made := s.make("user1", store.CronNew{})
			s.fire(noon)
			if all := s.claimed(); len(all) != 0 {
				t.Fatalf("%d runs", len(all))
			}
			s.logs("not any more")
			if got := s.read("user1", made.ID); !got.Enabled || !got.NextAt.Equal(noon.Add(time.Hour)) {
				t.Errorf("enabled %v, next at %v", got.Enabled, got.NextAt)
			}
			delete(s.denied, event)
			s.fire(noon.Add(time.Hour))
			if all := s.claimed(); len(all) != 1 {
				t.Errorf("%d runs, want 1", len(all))
			}
		})
	}
	t.Run("a hook that fails is asked again", func(t *testing.T) {
		t.Parallel()
		s := setup(t, storetest.Open(t, storetest.SQLite(t)))
		s.denied["threads:create_run"] = errors.New("database of users down")
		s.make("user1", store.CronNew{})
		s.fire(noon)
		delete(s.denied, "threads:create_run")
		s.fire(noon.Add(30 * time.Second))
		if all := s.claimed(); len(all) != 1 {
			t.Errorf("%d runs, want 1", len(all))
		}
	})
}

// TestThreadCron runs on its thread, under its strategy.
func TestThreadCron(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, s *server) {
		thread := s.thread("user1")
		made := s.make("user1", store.CronNew{ThreadID: thread, Payload: store.JSON(`{"multitask_strategy":"reject"}`)})
		s.fire(noon)
		s.fire(noon.Add(time.Hour)) // while the first run is under way
		s.logs("already running a task")
		all := s.claimed()
		if len(all) != 1 || all[0].Run.ThreadID != thread || all[0].Run.Strategy != "reject" {
			t.Fatalf("runs %+v", all)
		}
		if next := s.read("user1", made.ID).NextAt; !next.Equal(noon.Add(2 * time.Hour)) {
			t.Errorf("next at %v", next)
		}
		// Whoever does not reach the thread any more has no run on it.
		s.narrowed["threads:create_run"] = authhooks.Eq("owner", "user2")
		s.fire(noon.Add(2 * time.Hour))
		s.logs("Thread with ID " + thread + " not found")
		if all := s.claimed(); len(all) != 0 {
			t.Errorf("%d runs on another's thread", len(all))
		}
	})
}

func TestMissedAreNotMadeUpFor(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		new    store.CronNew
		now    time.Time
		runs   int
		next   time.Time
		missed string
	}{
		"in time":          {store.CronNew{}, noon, 1, noon.Add(time.Hour), ""},
		"a bit late":       {store.CronNew{}, noon.Add(59 * time.Second), 1, noon.Add(time.Hour), ""},
		"too late":         {store.CronNew{}, noon.Add(time.Minute), 0, noon.Add(time.Hour), "missed=1"},
		"three hours late": {store.CronNew{}, noon.Add(3*time.Hour + 30*time.Minute), 0, noon.Add(4 * time.Hour), "missed=4"},
		"late, and in time for the next": {
			store.CronNew{}, noon.Add(3*time.Hour + time.Second), 1, noon.Add(4 * time.Hour), "missed=3",
		},
		"a year of minutes": {
			store.CronNew{Schedule: "* * * * *", NextAt: noon.AddDate(-1, 0, 0)}, noon.Add(time.Second), 1, noon.Add(time.Minute), "missed=1000",
		},
		"the last before the end": {store.CronNew{EndTime: noon}, noon, 1, time.Time{}, ""},
		"the end is over":         {store.CronNew{EndTime: noon.Add(-time.Second)}, noon, 0, time.Time{}, ""},
		"missed until the end":    {store.CronNew{EndTime: noon.Add(time.Hour)}, noon.Add(5 * time.Hour), 0, time.Time{}, "missed=2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup(t, storetest.Open(t, storetest.SQLite(t)))
			made := s.make("user1", test.new)
			s.fire(test.now)
			if got := len(s.claimed()); got != test.runs {
				t.Errorf("%d runs, want %d", got, test.runs)
			}
			got := s.read("user1", made.ID)
			if !got.NextAt.Equal(test.next) || !got.Enabled {
				t.Errorf("next at %v, want %v; enabled %v", got.NextAt, test.next, got.Enabled)
			}
			s.logs(test.missed)
			if test.missed == "" && strings.Contains(s.log.String(), "missed") {
				t.Errorf("log: %s", s.log.String())
			}
		})
	}
}

// TestOneRunForOneTime lets several processes fire at once, and one take over from one that died.
func TestOneRunForOneTime(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, s *server) {
		const crons = 12
		for range crons {
			s.make("user1", store.CronNew{})
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if err := s.scheduler.FireDue(t.Context(), noon); err != nil {
					t.Errorf("fire: %v", err)
				}
			})
		}
		all.Wait()
		s.fire(noon)
		if got := len(s.claimed()); got != crons {
			t.Errorf("%d runs, want %d", got, crons)
		}
	})
}

func TestTakeOver(t *testing.T) {
	t.Parallel()
	for name, ran := range map[string]bool{"before the run was made": false, "after it": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup(t, storetest.Open(t, storetest.SQLite(t)))
			s.make("user1", store.CronNew{})
			held, err := s.db.Crons.Due(t.Context(), access.System("test"), noon, 30*time.Second, 10)
			s.check(err)
			id, err := s.db.Crons.Fire(t.Context(), access.System("test"), held[0], noon)
			s.check(err)
			if ran {
				request := runs.CreateRequest{RunID: id}
				request.Body.AssistantID = "echo"
				_, err := s.runs.Create(s.as("user1"), request)
				s.check(err)
			}
			s.fire(noon.Add(10 * time.Second)) // it is held still
			s.fire(noon.Add(30 * time.Second))
			s.fire(noon.Add(31 * time.Second))
			all := s.claimed()
			if len(all) != 1 || all[0].Run.ID != id {
				t.Fatalf("%d runs, want one with the id that was claimed", len(all))
			}
		})
	}
}

// TestStopWhileFiring: what has fired is not left to be found out again, and the stop is no failure.
func TestStopWhileFiring(t *testing.T) {
	t.Parallel()
	s := setup(t, storetest.Open(t, storetest.SQLite(t)))
	made := s.make("user1", store.CronNew{})
	ctx, stop := context.WithCancel(t.Context())
	s.scheduler.Came = func(string) { stop() }
	if err := s.scheduler.FireDue(ctx, noon); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped with %v", err)
	}
	if next := s.read("user1", made.ID).NextAt; !next.Equal(noon.Add(time.Hour)) {
		t.Errorf("next at %v", next)
	}
	if strings.Contains(s.log.String(), "not released") {
		t.Errorf("the log: %s", s.log.String())
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	fired := make(chan struct{}, 1)
	resolve := authhooks.Resolve(func(_ context.Context, identity string) (*authhooks.User, error) {
		fired <- struct{}{}
		return &authhooks.User{Identity: identity}, nil
	})
	s := setup(t, storetest.Open(t, storetest.SQLite(t)), resolve)
	s.make("user1", store.CronNew{})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.scheduler.Run(ctx)
	}()
	select {
	case <-fired:
	case <-time.After(30 * time.Second):
		t.Error("nothing fires")
	}
	stop()
	<-done
}
