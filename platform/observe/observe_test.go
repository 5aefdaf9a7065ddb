package observe

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/locutory/locutory/platform/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func text(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.String()
}

// However many ask, the database is asked once a second.
func TestQueueIsCountedOnceASecond(t *testing.T) {
	t.Parallel()
	asked, now := 0, time.Unix(0, 0)
	m := New(slog.New(slog.DiscardHandler))
	m.Watch(Sources{
		Queue: func(context.Context) (int, int, error) {
			asked++
			if asked == 2 {
				return 0, 0, errors.New("no answer")
			}
			return 10 * asked, asked, nil
		},
		Now: func() time.Time { return now },
	})
	const pending, running = "lg_api_num_pending_runs", "lg_api_num_running_runs"
	for range 3 {
		if got := text(t, m); !strings.Contains(got, pending+" 10\n") || !strings.Contains(got, running+" 1\n") {
			t.Errorf("first:\n%s", got)
		}
	}
	now = now.Add(time.Second)
	for range 3 {
		if got := text(t, m); strings.Contains(got, pending) || strings.Contains(got, running) {
			t.Errorf("an answer that there was none of:\n%s", got)
		}
	}
	if s, err := m.Snapshot(); err != nil || s.Queue != nil {
		t.Errorf("%+v, %v", s.Queue, err)
	}
	now = now.Add(time.Second)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if got := text(t, m); !strings.Contains(got, pending+" 30\n") {
				t.Errorf("third:\n%s", got)
			}
		})
	}
	all.Wait()
	if asked != 3 {
		t.Errorf("the database was asked %d times, want 3", asked)
	}
}

// Clients choose methods and paths; neither may make series.
func TestClientsMakeNoSeries(t *testing.T) {
	t.Parallel()
	m := New(nil)
	for _, method := range []string{"BREW", "get", "", strings.Repeat("X", 1000), "\xff"} {
		m.Request(method, "", 405, time.Millisecond)
	}
	s, err := m.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]wire.HTTPMetrics{{Method: "other", Path: "none", Status: "405", Count: 5, LatencyMS: 5}}, s.HTTP); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSnapshot(t *testing.T) {
	t.Parallel()
	m := New(nil)
	m.Watch(Sources{
		Queue:   func(context.Context) (int, int, error) { return 3, 2, nil },
		Workers: 4, Active: func() int { return 5 }, // a run may be taken before the last one is let go
		Streams: func() int { return 7 },
		Pools: func() []Pool {
			return []Pool{
				{Name: "sqlite", Kind: "write", Max: 1, Open: 1, InUse: 1, Waits: 9, Waited: 3 * time.Second},
				{Name: "sqlite", Kind: "read", Max: 8, Open: 4, InUse: 1},
			}
		},
	})
	m.RunEnded("success", 2*time.Second)
	m.RunEnded("success", time.Second)
	m.RunBegan(-time.Second) // the clocks differ
	m.Committed(time.Second, nil)
	m.Committed(time.Second, errors.New("lost"))
	m.WebhookTried("delivered")
	m.CronCame("refused")
	got, err := m.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	want := wire.Metrics{
		Queue: &wire.QueueMetrics{Pending: 3, Running: 2}, Workers: &wire.WorkerMetrics{Max: 4, Active: 5, Available: 0},
		HTTP: []wire.HTTPMetrics{}, Runs: []wire.OutcomeMetrics{{Outcome: "success", Count: 2, Seconds: 3}}, Streams: 7,
		Log:      []wire.OutcomeMetrics{{Outcome: "error", Count: 1, Seconds: 1}, {Outcome: "ok", Count: 1, Seconds: 1}},
		Webhooks: []wire.OutcomeMetrics{{Outcome: "delivered", Count: 1}}, Crons: []wire.OutcomeMetrics{{Outcome: "refused", Count: 1}},
		Database: []wire.PoolMetrics{
			{Pool: "sqlite_read", Max: 8, Size: 4, Available: 3}, {Pool: "sqlite_write", Max: 1, Size: 1, Queued: 9, WaitMS: 3000},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func BenchmarkRequest(b *testing.B) {
	m := New(nil)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.Request(http.MethodGet, "/threads/:thread_id", http.StatusOK, time.Millisecond)
		}
	})
}
