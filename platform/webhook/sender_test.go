package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
	"github.com/locutory/locutory/platform/webhook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// outbox holds deliveries in memory.
type outbox struct {
	mu      sync.Mutex
	waiting []store.Delivery
	ends    chan store.DeliveryEnd
}

func (o *outbox) ClaimDeliveries(_ context.Context, a access.SystemAccess, _ time.Duration, limit int) ([]store.Delivery, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := min(limit, len(o.waiting))
	out := o.waiting[:n:n]
	o.waiting = o.waiting[n:]
	for i := range out {
		out[i].Attempt++
	}
	return out, a.Permit()
}

func (o *outbox) EndAttempt(_ context.Context, a access.SystemAccess, d store.Delivery, end store.DeliveryEnd) error {
	if end.Again > 0 && end.Attempt.Error != "the server stopped" {
		o.mu.Lock()
		o.waiting = append(o.waiting, d)
		o.mu.Unlock()
	}
	o.ends <- end
	return a.Permit()
}

// bench is a sender at work on an outbox.
type bench struct {
	*outbox
	t    *testing.T
	log  *strings.Builder
	stop func()
}

// send starts a sender.
func send(t *testing.T, cfg webhook.Config, self string, deliveries ...store.Delivery) *bench {
	t.Helper()
	b := &bench{outbox: &outbox{waiting: deliveries, ends: make(chan store.DeliveryEnd, 64)}, t: t, log: &strings.Builder{}}
	cfg.Outbox, cfg.Poll = b.outbox, time.Millisecond
	cfg.Backoff = func(int) time.Duration { return time.Nanosecond }
	cfg.Log = slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		webhook.New(cfg).Run(ctx, self)
	}()
	b.stop = sync.OnceFunc(func() { stop(); <-done })
	t.Cleanup(b.stop)
	return b
}

// end returns how the next attempt ended.
func (b *bench) end() store.DeliveryEnd {
	b.t.Helper()
	select {
	case end := <-b.ends:
		return end
	case <-time.After(20 * time.Second):
		b.t.Fatal("no attempt has ended")
		return store.DeliveryEnd{}
	}
}

func delivery(url string) store.Delivery {
	at := time.Date(2026, 9, 18, 7, 0, 0, 0, time.UTC)
	return store.Delivery{ID: "d", RunID: "r", URL: url, Values: store.JSON(`{"answer":"42"}`), Run: store.Run{
		ID: "r", ThreadID: "t", AssistantID: "a", Status: store.RunError, Strategy: "enqueue",
		Metadata: store.JSON(`{"m":1,"langgraph_auth_user_id":"alice","user_id":"alice"}`),
		Kwargs: store.JSON(`{"input":{"token":"the user's own words"},"webhook":"https://hooks.example/?token=url-secret",
			"config":{"configurable":{"model":"m","openai_api_key":"config-secret","langgraph_auth_user":{"id":"alice"},
			"nested":[{"password":"nested-secret","b":2}]},"tags":["x"]},"context":{"access_token":"context-secret","c":3}}`),
		Error:     store.JSON(`{"error":"ValueError","message":"boom"}`),
		CreatedAt: at, UpdatedAt: at.Add(time.Second), StartedAt: at, EndedAt: at.Add(time.Second),
	}}
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	type received struct {
		header http.Header
		body   []byte
	}
	got := make(chan received, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- received{r.Header.Clone(), body}
	}))
	t.Cleanup(receiver.Close)
	now := time.Date(2026, 9, 18, 7, 0, 5, 0, time.UTC)
	b := send(t, webhook.Config{
		Policy: &webhook.Policy{Loopback: true}, Headers: map[string]string{"Authorization": "Bearer static"},
		Secrets: []string{"new", "old"}, Now: func() time.Time { return now },
	}, "", delivery(receiver.URL+"/hook?token=url-secret"))
	end := b.end()
	if !end.Delivered || end.Attempt.Status != 200 || end.URL != receiver.URL+"/hook" {
		t.Errorf("end %+v", end)
	}
	r := <-got
	for name, want := range map[string]string{
		"Authorization": "Bearer static", "Content-Type": "application/json", "Locutory-Delivery": "d", "Locutory-Attempt": "1",
	} {
		if r.header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, r.header.Get(name), want)
		}
	}
	signature := fmt.Sprintf("t=%d", now.Unix())
	for _, secret := range []string{"new", "old"} {
		mac := hmac.New(sha256.New, []byte(secret))
		_, _ = fmt.Fprintf(mac, "%d.%s", now.Unix(), r.body)
		signature += ",v1=" + hex.EncodeToString(mac.Sum(nil))
	}
	if r.header.Get("Locutory-Signature") != signature {
		t.Errorf("signature %q, want %q", r.header.Get("Locutory-Signature"), signature)
	}
	var body map[string]any
	if err := json.Unmarshal(r.body, &body); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"run_id": "r", "thread_id": "t", "assistant_id": "a", "status": "error", "multitask_strategy": "enqueue",
		"metadata": map[string]any{"m": 1.0},
		"kwargs": map[string]any{
			"input":   map[string]any{"token": "the user's own words"},
			"config":  map[string]any{"configurable": map[string]any{"model": "m", "nested": []any{map[string]any{"b": 2.0}}}, "tags": []any{"x"}},
			"context": map[string]any{"c": 3.0},
		},
		"values": map[string]any{"answer": "42"}, "error": map[string]any{"error": "ValueError", "message": "boom"},
		"created_at": "2026-09-18T07:00:00.000000+00:00", "updated_at": "2026-09-18T07:00:01.000000+00:00",
		"run_started_at": "2026-09-18T07:00:00.000000+00:00", "run_ended_at": "2026-09-18T07:00:01.000000+00:00",
		"webhook_sent_at": "2026-09-18T07:00:05.000000+00:00",
	}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("H-26: body (-want +got):\n%s", diff)
	}
	b.stop()
	if strings.Contains(b.log.String(), "url-secret") || strings.Contains(b.log.String(), "static") {
		t.Errorf("the log tells a secret:\n%s", b.log)
	}
}

func TestAttempts(t *testing.T) {
	t.Parallel()
	answers := make(chan int, 3)
	var target string
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/elsewhere" {
			t.Error("a redirect was followed")
		}
		w.Header().Set("Location", target+"/elsewhere")
		w.WriteHeader(<-answers)
	}))
	t.Cleanup(receiver.Close)
	target = receiver.URL
	for name, tt := range map[string]struct {
		answers   []int
		delivered bool
	}{
		"at last":                   {[]int{500, 307, 204}, true},
		"used up":                   {[]int{503, 404, 429}, false},
		"gone is never asked again": {[]int{410}, false},
	} {
		for _, status := range tt.answers {
			answers <- status
		}
		b := send(t, webhook.Config{Policy: &webhook.Policy{Loopback: true}, Attempts: 3}, "", delivery(receiver.URL))
		for i, status := range tt.answers {
			last := i == len(tt.answers)-1
			end := b.end()
			if end.Attempt.Status != status || end.Delivered != (last && tt.delivered) || (end.Again > 0) == last {
				t.Errorf("%s: attempt %d: %+v", name, i+1, end)
			}
		}
		b.stop()
	}
}

func TestNoAnswer(t *testing.T) {
	t.Parallel()
	release, reached := make(chan struct{}), make(chan string, 8)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		reached <- r.URL.Path
		<-release
	}))
	t.Cleanup(receiver.Close)
	t.Cleanup(func() { close(release) })
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	for name, url := range map[string]string{"timeout": receiver.URL, "nobody there": closed.URL} {
		b := send(t, webhook.Config{Policy: &webhook.Policy{Loopback: true}, Timeout: 50 * time.Millisecond, Attempts: 2}, "", delivery(url+"/?token=url-secret"))
		first, second := b.end(), b.end()
		if first.Again <= 0 || first.Attempt.Status != 0 || first.Attempt.Error == "" || second.Again != 0 || second.Delivered {
			t.Errorf("%s: %+v, %+v", name, first, second)
		}
		if strings.Contains(first.Attempt.Error, "url-secret") {
			t.Errorf("%s: the log tells the URL: %s", name, first.Attempt.Error)
		}
		b.stop()
	}
	// A server that stops leaves its delivery to another at once, and its last attempt, too.
	b := send(t, webhook.Config{Policy: &webhook.Policy{Loopback: true}, Attempts: 1}, "", delivery(receiver.URL+"/stopped"))
	for path := range reached { // those before may come late
		if path == "/stopped" {
			break
		}
	}
	b.stop()
	if end := b.end(); end.Again <= 0 || !end.Cut || end.Attempt.Error != "the server stopped" {
		t.Errorf("after the stop: %+v", end)
	}
}

// TestRebinding: H-26, a name that resolves to this machine, or to its network, is not reached, whatever it was when the run was made.
func TestRebinding(t *testing.T) {
	t.Parallel()
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the receiver was reached") }))
	t.Cleanup(receiver.Close)
	_, port, err := net.SplitHostPort(receiver.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b := send(t, webhook.Config{Policy: &webhook.Policy{}, Resolver: resolver(t, [4]byte{127, 0, 0, 1})}, "",
		delivery("http://rebound.example:"+port+"/"))
	if end := b.end(); end.Delivered || end.Again != 0 || end.Attempt.Error != "the name has no public address" {
		t.Errorf("end %+v", end)
	}
	strict := send(t, webhook.Config{Policy: &webhook.Policy{RequireHTTPS: true}}, "", delivery(receiver.URL))
	if end := strict.end(); end.Delivered || end.Again != 0 {
		t.Errorf("a URL that the policy has come to refuse: %+v", end)
	}
}

// resolver answers every question with one IPv4 address.
func resolver(t *testing.T, ip [4]byte) *net.Resolver {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffer := make([]byte, 512)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			if _, err := conn.WriteTo(reply(buffer[:n], ip), from); err != nil && !errors.Is(err, net.ErrClosed) {
				t.Errorf("reply: %v", err)
			}
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// reply is a DNS answer to a question: an A record, or none for another type.
func reply(question []byte, ip [4]byte) []byte {
	end := 12
	for question[end] != 0 {
		end += int(question[end]) + 1
	}
	end += 5 // the root label, type and class
	isA := binary.BigEndian.Uint16(question[end-4:]) == 1
	out := append([]byte{question[0], question[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question[12:end]...)
	if isA {
		out[7] = 1
		out = append(out, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4)
		out = append(out, ip[:]...)
	}
	return out
}

func TestOwnPath(t *testing.T) {
	t.Parallel()
	paths := make(chan string, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { paths <- r.RequestURI }))
	t.Cleanup(receiver.Close)
	b := send(t, webhook.Config{Policy: &webhook.Policy{Loopback: true, RequireHTTPS: true}}, receiver.URL+"/api", delivery("/hook?x=1"))
	if end := b.end(); !end.Delivered {
		t.Errorf("end %+v", end)
	}
	if path := <-paths; path != "/api/hook?x=1" {
		t.Errorf("path %s", path)
	}
}
