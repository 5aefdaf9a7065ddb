package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/platform/events"
)

func streaming(t *testing.T) *Server {
	t.Helper()
	s := &Server{pulse: newPulse(time.Second)}
	s.closing, s.drain = context.WithCancel(t.Context())
	t.Cleanup(s.pulse.close)
	return s
}

// yielding yields the numbers, then the error.
func yielding(err error, numbers ...int) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		for _, n := range numbers {
			if !yield(n, nil) {
				return
			}
		}
		if err != nil {
			yield(0, err)
		}
	}
}

func TestFeedSendsEverythingBeforeItsEnd(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, want := range map[string]error{"clean": nil, "broken": broken} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []int
			err := feed(t.Context(), streaming(t), yielding(want, 1, 2, 3), func(batch []int) error {
				got = append(got, batch...)
				return nil
			})
			if !errors.Is(err, want) || err == nil != (want == nil) {
				t.Errorf("error %v, want %v", err, want)
			}
			if diff := cmp.Diff([]int{1, 2, 3}, got); diff != "" {
				t.Errorf("sent (-want +got):\n%s", diff)
			}
		})
	}
}

// A client that is gone, or a server that drains, ends the answer, and with it the goroutine that pulls.
func TestFeedEndsWithItsReader(t *testing.T) {
	t.Parallel()
	forever := func(yield func(int, error) bool) {
		for i := 0; yield(i, nil); i++ {
			continue
		}
	}
	gone := errors.New("client gone")
	if err := feed(t.Context(), streaming(t), forever, func([]int) error { return gone }); !errors.Is(err, gone) {
		t.Errorf("error %v, want the client's", err)
	}
	draining := streaming(t)
	draining.Drain()
	never := func(func(int, error) bool) { <-draining.closing.Done() }
	if err := feed(t.Context(), draining, never, func([]int) error { return nil }); err != nil && !errors.Is(err, errDraining) {
		t.Errorf("error %v, want that of the drain", err)
	}
}

// A stream whose reader leaves while something is on its way to him has not ended, and neither is it broken: by that it is told whether a run
// is cancelled with its client.
func TestFeedOfWhoLeavesWhileItSends(t *testing.T) {
	t.Parallel()
	s := streaming(t)
	for name, broken := range map[string]error{"that ends": nil, "that breaks": errors.New("broken")} {
		for range 50 { // of what is ready a select takes any
			ctx, leave := context.WithCancel(t.Context())
			over := make(chan struct{})
			left := func(yield func(int, error) bool) {
				defer close(over)
				yield(1, nil)
				<-ctx.Done()
				if broken != nil {
					yield(0, broken)
				}
			}
			if err := feed(ctx, s, left, func([]int) error { leave(); <-over; return nil }); !errors.Is(err, context.Canceled) {
				t.Fatalf("a stream %s: error %v, want that its reader has left", name, err)
			}
		}
	}
}

// A reader that takes nothing makes the server hold no more than a bound for it, whatever the size of the frames.
func TestFeedReadsNoMoreAheadThanABound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		s := &Server{pulse: newPulse(time.Hour)}
		s.closing, s.drain = context.WithCancel(t.Context())
		s.closed, s.end = context.WithCancel(t.Context())
		defer s.Close()
		made := 0
		large := func(yield func(events.Frame, error) bool) {
			for yield(events.Frame{Data: make([]byte, aheadBytes/2)}, nil) {
				made++
			}
		}
		done := make(chan error, 1)
		taken := make(chan struct{})
		go func() {
			done <- feed(ctx, s, large, func([]events.Frame) error {
				select {
				case <-taken:
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			})
		}()
		synctest.Wait()
		if made > 3 {
			t.Errorf("%d frames of half the bound were read ahead", made)
		}
		for range 5 {
			taken <- struct{}{}
		}
		synctest.Wait()
		if made < 6 {
			t.Errorf("%d frames were read when five batches were taken", made)
		}
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
}

func TestFeedBeatsWhileNothingHappens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), 4500*time.Millisecond)
		defer stop()
		s := &Server{pulse: newPulse(time.Second)}
		s.closing, s.drain = context.WithCancel(t.Context())
		s.closed, s.end = context.WithCancel(t.Context())
		defer s.Close()
		silent := func(func(int, error) bool) { <-ctx.Done() }
		beats := 0
		if err := feed(ctx, s, silent, func(batch []int) error {
			beats++
			return nil
		}); err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		if beats != 4 {
			t.Errorf("%d beats in 4.5 periods, want 4", beats)
		}
	})
}

// TestHeartbeats covers gotcha 7, to the byte: a newline before the document of a wait, a comment in a stream and no empty line after it.
func TestHeartbeats(t *testing.T) {
	gin.SetMode(gin.TestMode)
	for name, test := range map[string]struct {
		answer func(ctx context.Context, c *call) error
		kind   string
		want   string
	}{
		"wait": {func(ctx context.Context, c *call) error {
			return c.slowly(ctx, func(context.Context) ([]byte, error) {
				<-time.After(2500 * time.Millisecond)
				return []byte(`{"a":1}`), nil
			})
		}, "application/json", "\n\n" + `{"a":1}`},
		"stream": {func(ctx context.Context, c *call) error {
			return c.sse(ctx, func(yield func(events.Frame, error) bool) {
				<-time.After(2500 * time.Millisecond)
				yield(events.Frame{ID: 1, Event: "values", Data: json.RawMessage(`{}`)}, nil)
			})
		}, "text/event-stream", ": heartbeat\n: heartbeat\nevent: values\ndata: {}\nid: 1\n\n"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := streaming(t)
				w := httptest.NewRecorder()
				g, _ := gin.CreateTestContext(w)
				if err := test.answer(t.Context(), &call{gin: g, server: s}); err != nil {
					t.Fatal(err)
				}
				if got := w.Body.String(); got != test.want || w.Header().Get("Content-Type") != test.kind || w.Code != 200 {
					t.Errorf("status %d, %s: %q, want %q", w.Code, w.Header().Get("Content-Type"), got, test.want)
				}
			})
		})
	}
}

func TestWriteFrame(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	writeFrame(&buf, events.Frame{ID: 163, Event: "values", Data: json.RawMessage(`{"a":1}`)})
	if want := "event: values\ndata: {\"a\":1}\nid: 163\n\n"; buf.String() != want {
		t.Errorf("got %q, want %q", buf.String(), want)
	}
}
