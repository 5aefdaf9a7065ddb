package events_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/events"
	"github.com/locutory/locutory/platform/store"
)

// reading is what a follower saw, and how it ended.
type reading struct {
	seen []string
	err  error
	over bool
}

// follow starts a reader; each record is given to pause first, if it is set.
func follow(ctx context.Context, wg *sync.WaitGroup, hub *events.Hub, d *database, after int64, pause func(events.Record)) *reading {
	f := &events.Follower{Hub: hub, Log: d, Runs: d}
	out := &reading{}
	wg.Go(func() {
		out.read(f.Run(ctx, access.ThreadScope{}, "t", "r", after), pause)
	})
	return out
}

func (out *reading) read(records iter.Seq2[events.Record, error], pause func(events.Record)) {
	for r, err := range records {
		if err != nil {
			out.err = err
			return
		}
		if pause != nil {
			pause(r)
		}
		out.seen = append(out.seen, label(r))
	}
	out.over = true
}

func numbers(from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprint("say ", i))
	}
	return out
}

// TestFollow: whenever a reader comes, it sees every record once and in order.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, hub := &database{}, events.NewHub()
		var wg sync.WaitGroup
		early := follow(t.Context(), &wg, hub, d, -1, nil)
		synctest.Wait()
		w := newWriter(t, d, hub, 100, false)
		w.append(say(0), say(1))
		pass(time.Second) // these are in the log
		w.append(say(2))  // this is only shown
		late := follow(t.Context(), &wg, hub, d, -1, nil)
		again := follow(t.Context(), &wg, hub, d, 101, nil)
		synctest.Wait()
		w.append(say(3))
		w.check(w.Finish(t.Context(), runEnd("success"), store.Finish{Status: "success"}))
		w.Close()
		after := follow(t.Context(), &wg, hub, d, -1, nil)
		wg.Wait()
		all := append(numbers(0, 4), "run.end")
		for name, r := range map[string]*reading{"early": early, "late": late, "after the end": after} {
			if diff := cmp.Diff(all, r.seen); diff != "" || r.err != nil || !r.over {
				t.Errorf("%s: %v (-want +got):\n%s", name, r.err, diff)
			}
		}
		if diff := cmp.Diff(all[2:], again.seen); diff != "" || !again.over {
			t.Errorf("taken up again (-want +got):\n%s", diff)
		}
	})
}

// TestAC43R40FollowNoFurther: a reader who may not see the run any more is shown nothing more of it, although the hub has it: at once where
// that was changed in this process, else at his next look (AC-43, R-40).
func TestAC43R40FollowNoFurther(t *testing.T) {
	for name, told := range map[string]bool{"in this process": true, "in another": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d, hub := &database{}, events.NewHub()
				var wg sync.WaitGroup
				w := newWriter(t, d, hub, 0, false)
				w.append(say(0))
				r := follow(t.Context(), &wg, hub, d, -1, nil)
				pass(2 * events.RecheckEvery)
				w.append(say(1))
				synctest.Wait()
				d.mu.Lock()
				d.revoked = true
				d.mu.Unlock()
				if told {
					hub.Revise("t")
				} else {
					pass(events.RecheckEvery)
				}
				w.append(say(2))
				wg.Wait()
				w.Close()
				if diff := cmp.Diff(numbers(0, 2), r.seen); diff != "" || !errors.Is(r.err, events.ErrRevoked) {
					t.Errorf("%v (-want +got):\n%s", r.err, diff)
				}
			})
		})
	}
}

// TestFollowSlowly: a reader that the ring overtakes reads the log, alone, and misses nothing.
func TestFollowSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, hub := &database{}, events.NewHub()
		var wg sync.WaitGroup
		w := newWriter(t, d, hub, 0, false)
		gate := make(chan struct{})
		slow := follow(t.Context(), &wg, hub, d, -1, func(r events.Record) {
			if r.Seq == 3 {
				<-gate
			}
		})
		fast := follow(t.Context(), &wg, hub, d, -1, nil)
		const n = 5000
		for i := range n {
			w.append(say(i))
			if i%500 == 499 {
				pass(time.Second)
			}
		}
		synctest.Wait()
		before := d.looks()
		if got := len(fast.seen); got != n {
			t.Errorf("the fast reader saw %d of %d while the other slept", got, n)
		}
		close(gate)
		synctest.Wait()
		if d.looks() == before {
			t.Error("the slow reader did not go back to the log")
		}
		w.check(w.Finish(t.Context(), runEnd("success"), store.Finish{}))
		w.Close()
		wg.Wait()
		if want := append(numbers(0, n), "run.end"); !slices.Equal(want, slow.seen) || !slices.Equal(want, fast.seen) {
			t.Errorf("slow saw %d, fast saw %d of %d", len(slow.seen), len(fast.seen), len(want))
		}
	})
}

// TestFollowAnotherProcess: without a writer here the log is asked until run.end.
func TestFollowAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		var wg sync.WaitGroup
		r := follow(t.Context(), &wg, events.NewHub(), d, -1, nil)
		w := newWriter(t, d, events.NewHub(), 0, false)
		defer w.Close()
		w.append(say(0))
		pass(2 * time.Second)
		w.append(say(1))
		w.check(w.Finish(t.Context(), runEnd("success"), store.Finish{}))
		wg.Wait()
		if diff := cmp.Diff([]string{"say 0", "say 1", "run.end"}, r.seen); diff != "" || !r.over {
			t.Errorf("%v (-want +got):\n%s", r.err, diff)
		}
	})
}

// TestFollowAfterKill: the first worker dies with records that nobody stored; the second one goes on. A reader of this process
// breaks, and sees every later record once when it comes back.
func TestFollowAfterKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, hub := &database{}, events.NewHub()
		var wg sync.WaitGroup
		first := newWriter(t, d, hub, 0, true)
		first.append(say(0))
		pass(time.Second)
		first.append(step("", "c1", "a"), say(1)) // shown, never stored
		broken := follow(t.Context(), &wg, hub, d, -1, nil)
		synctest.Wait()
		d.mu.Lock()
		d.token = 2
		d.mu.Unlock()
		first.Abort()
		first.Close()
		synctest.Wait()
		if !errors.Is(broken.err, events.ErrAborted) || broken.over {
			t.Fatalf("the reader ended with %v", broken.err)
		}
		again := follow(t.Context(), &wg, hub, d, 2, nil) // it had seen three
		elsewhere := follow(t.Context(), &wg, events.NewHub(), d, -1, nil)
		synctest.Wait()
		second := writer{events.NewJournal(t.Context(), events.JournalConfig{
			Log: d, Lease: store.Lease{Token: 2}, First: 4096, Block: 4096, Feed: hub.Open("t", "r", 4095), Hold: true,
		}), t}
		defer second.Close()
		second.append(graphs.Event{Kind: graphs.KindRunStart, RunStart: &graphs.RunStarted{Attempt: 2}}, step("", "c2"))
		second.check(second.Put(put("", "c2")))
		second.check(second.Finish(t.Context(), runEnd("success"), store.Finish{}))
		wg.Wait()
		rest := []string{"run.start", "step c2", "run.end"}
		if diff := cmp.Diff(rest, again.seen); diff != "" || !again.over {
			t.Errorf("came back: %v (-want +got):\n%s", again.err, diff)
		}
		if diff := cmp.Diff(append([]string{"say 0"}, rest...), elsewhere.seen); diff != "" || !elsewhere.over {
			t.Errorf("another process: %v (-want +got):\n%s", elsewhere.err, diff)
		}
	})
}

// TestFollowHandBack: a hand-back loses nothing, so readers stay and wait for whoever goes on.
func TestFollowHandBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, hub := &database{}, events.NewHub()
		var wg sync.WaitGroup
		first := newWriter(t, d, hub, 0, false)
		r := follow(t.Context(), &wg, hub, d, -1, nil)
		first.append(say(0))
		synctest.Wait()
		first.append(say(1))
		first.check(first.Flush(t.Context()))
		first.Close()
		pass(5 * time.Second)
		if looks := d.looks(); looks > 20 {
			t.Errorf("%d looks at the log in 5 s", looks)
		}
		second := newWriter(t, d, hub, 4096, false)
		second.append(say(2))
		second.check(second.Finish(t.Context(), runEnd("success"), store.Finish{}))
		second.Close()
		wg.Wait()
		if diff := cmp.Diff([]string{"say 0", "say 1", "say 2", "run.end"}, r.seen); diff != "" || !r.over {
			t.Errorf("%v (-want +got):\n%s", r.err, diff)
		}
	})
}

// TestFollowBesideTheNextRun: the thread's next run may begin here before those who follow the one that has just ended were told: they
// find its end in the log.
func TestFollowBesideTheNextRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, hub := &database{}, events.NewHub()
		var wg sync.WaitGroup
		first := newWriter(t, d, hub, 0, false)
		first.append(say(0))
		known := follow(t.Context(), &wg, hub, d, -1, nil)
		fresh := &reading{}
		sub := hub.Expect("t", "r")
		wg.Go(func() {
			defer sub.Close()
			f := &events.Follower{Hub: hub, Log: d, Runs: d}
			fresh.read(f.From(t.Context(), access.ThreadScope{}, sub), nil)
		})
		synctest.Wait()
		first.check(first.Flush(t.Context()))
		d.mu.Lock() // the commit that ends the run, of which its own worker does not know yet
		last := d.batches[len(d.batches)-1].Segments[0].Last + 1
		line, err := events.Record{Seq: last, Event: runEnd("success")}.AppendLine(nil)
		d.batches = append(d.batches, store.Batch{Segments: []store.Segment{{First: last, Last: last, Data: line}}})
		d.ended = true
		d.mu.Unlock()
		first.check(err)
		began := time.Now()
		next := hub.Open("t", "next", -1)
		wg.Wait()
		for name, r := range map[string]*reading{"who came later": known, "who made the run": fresh} {
			if diff := cmp.Diff([]string{"say 0", "run.end"}, r.seen); diff != "" || r.err != nil || !r.over {
				t.Errorf("%s: %v (-want +got):\n%s", name, r.err, diff)
			}
		}
		if waited := time.Since(began); waited > 0 {
			t.Errorf("the readers waited %s", waited)
		}
		first.Close()
		next.Close()
	})
}

// TestFollowEndsWithTheRow: a run that was cancelled before it began, or is gone, has ended though its log does not say so.
func TestFollowEndsWithTheRow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, hub := &database{}, events.NewHub()
		var wg sync.WaitGroup
		r := follow(t.Context(), &wg, hub, d, -1, nil)
		synctest.Wait()
		d.mu.Lock()
		d.ended = true
		d.mu.Unlock()
		began := time.Now()
		hub.Wake("t")
		wg.Wait()
		if !r.over || r.err != nil || time.Since(began) > 0 {
			t.Errorf("ended %v with %v after %v", r.over, r.err, time.Since(began))
		}
	})
}

func TestFollowStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, hub := &database{}, events.NewHub()
		var wg sync.WaitGroup
		w := newWriter(t, d, hub, 0, false)
		defer w.Close()
		ctx, cancel := context.WithCancelCause(t.Context())
		r := follow(ctx, &wg, hub, d, -1, nil)
		synctest.Wait()
		cause := errors.New("the server is stopping")
		cancel(cause)
		wg.Wait()
		if !errors.Is(r.err, cause) || r.over {
			t.Errorf("ended %v with %v, want %v", r.over, r.err, cause)
		}
	})
}

func BenchmarkHubFanOut100(b *testing.B) {
	hub := events.NewHub()
	feed := hub.Open("t", "r", -1)
	var wg sync.WaitGroup
	for range 100 {
		sub := hub.Subscribe("t", "r")
		wg.Go(func() {
			defer sub.Close()
			after := int64(-1)
			for {
				view, err := sub.Since(after)
				if err != nil {
					return
				}
				for _, r := range view.Records {
					after = r.Seq
				}
				if !view.Live {
					after = max(after, view.Base)
				}
				<-view.Changed
			}
		})
	}
	seq := int64(0)
	b.ReportAllocs()
	for b.Loop() {
		feed.Publish(events.Record{Seq: seq}, 100)
		feed.Settle(seq)
		seq++
	}
	feed.Abort()
	wg.Wait()
}
