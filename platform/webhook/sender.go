package webhook

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/store"
)

// Outbox is where deliveries wait: [store.Deliveries].
type Outbox interface {
	ClaimDeliveries(ctx context.Context, a access.SystemAccess, lease time.Duration, limit int) ([]store.Delivery, error)
	EndAttempt(ctx context.Context, a access.SystemAccess, claimed store.Delivery, end store.DeliveryEnd) error
}

// Config is what a Sender needs: Outbox and Policy. The others may be zero.
type Config struct {
	Outbox Outbox
	Policy *Policy
	// Headers are sent with every delivery.
	Headers map[string]string
	// Secrets sign deliveries; without one nothing is signed.
	Secrets []string
	// Parallel is how many deliveries are under way at one time, 16; Attempts how often one is tried, 8; Timeout how long one attempt
	// may take, 15 s; Poll how often the outbox is looked at, 1 s.
	Parallel, Attempts int
	Timeout, Poll      time.Duration
	// Backoff is how long to wait after the attempt of that number, from 1. The default grows from 5 s threefold to an hour.
	Backoff func(attempt int) time.Duration
	// Resolver finds addresses; nil is the system's.
	Resolver *net.Resolver
	// Tried, when set, hears how each attempt ended: "delivered", "failed" or "given_up".
	Tried func(outcome string)
	Log   *slog.Logger
	Now   func() time.Time
}

// Sender delivers what is due. Several processes may each have one on the same outbox.
type Sender struct {
	Config
	client *http.Client
}

// New returns a Sender.
func New(cfg Config) *Sender {
	for _, n := range []struct {
		at        *int
		otherwise int
	}{{&cfg.Parallel, 16}, {&cfg.Attempts, 8}} {
		if *n.at <= 0 {
			*n.at = n.otherwise
		}
	}
	for _, d := range []struct {
		at        *time.Duration
		otherwise time.Duration
	}{{&cfg.Timeout, 15 * time.Second}, {&cfg.Poll, time.Second}} {
		if *d.at <= 0 {
			*d.at = d.otherwise
		}
	}
	if cfg.Tried == nil {
		cfg.Tried = func(string) {}
	}
	if cfg.Backoff == nil {
		cfg.Backoff = backoff
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Sender{Config: cfg, client: cfg.client()}
}

// client is one that goes nowhere but where the policy allows.
func (c Config) client() *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: c.Policy.control, Resolver: c.Resolver}
	return &http.Client{
		Timeout: c.Timeout,
		Transport: &http.Transport{
			DialContext: dialer.DialContext, TLSHandshakeTimeout: 10 * time.Second, ForceAttemptHTTP2: true,
			MaxIdleConns: c.Parallel, MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second, MaxResponseHeaderBytes: 64 << 10,
		}, // no Proxy: the policy would see the proxy's address in place of the receiver's
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// backoff is 5 s, 15 s, 45 s, ... an hour, and up to a fifth more, so that what failed together does not come back together.
func backoff(attempt int) time.Duration {
	wait := 5 * time.Second
	for range min(attempt-1, 10) {
		wait *= 3
	}
	wait = min(wait, time.Hour)
	return wait + rand.N(wait/5)
}

// Run delivers until ctx is done, and returns when nothing is under way any more. What it could not end is due again soon. self is the
// URL of this server, which webhooks that are a path alone are put behind.
func (s *Sender) Run(ctx context.Context, self string) {
	var all sync.WaitGroup
	defer s.client.CloseIdleConnections()
	defer all.Wait()
	slots, freed := make(chan struct{}, s.Parallel), make(chan struct{}, 1)
	tick := time.NewTimer(0)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-freed:
		case <-tick.C:
		}
		for _, d := range s.claim(ctx, cap(slots)-len(slots)) {
			slots <- struct{}{}
			all.Go(func() {
				s.deliver(ctx, self, d)
				<-slots
				select {
				case freed <- struct{}{}:
				default:
				}
			})
		}
		tick.Reset(s.Poll)
	}
}

func (s *Sender) access() access.SystemAccess { return access.System("webhooks of ended runs") }

// claim takes what is due and fits.
func (s *Sender) claim(ctx context.Context, free int) []store.Delivery {
	if free == 0 {
		return nil
	}
	claimed, err := s.Outbox.ClaimDeliveries(ctx, s.access(), s.Timeout+30*time.Second, free)
	if err != nil && ctx.Err() == nil {
		s.Log.WarnContext(ctx, "webhooks: the outbox does not answer", "error", err)
	}
	return claimed
}

// deliver makes one attempt and stores how it ended.
func (s *Sender) deliver(ctx context.Context, self string, d store.Delivery) {
	end := store.DeliveryEnd{URL: s.Policy.Mask(d.URL)}
	begin := s.Now()
	end.Attempt.At = begin.UTC()
	status, err := s.attempt(ctx, self, d)
	end.Attempt.Status, end.Attempt.Took = status, s.Now().Sub(begin)
	log := s.Log.With("run_id", d.RunID, "delivery_id", d.ID, "attempt", d.Attempt, "url", end.URL, "status", status)
	switch {
	case err == nil:
		end.Delivered = true
		s.Tried("delivered")
		log.Debug("webhook delivered", "took", end.Attempt.Took)
	case ctx.Err() != nil:
		end.Attempt.Error, end.Again, end.Cut = "the server stopped", time.Millisecond, true
	case errors.Is(err, errAddress) || errors.As(err, new(*refusedError)) || status == http.StatusGone || d.Attempt >= s.Attempts:
		end.Attempt.Error = shownError(status, err)
		s.Tried("given_up")
		log.Warn("webhook given up", "error", err)
	default:
		end.Attempt.Error, end.Again = shownError(status, err), s.Backoff(d.Attempt)
		s.Tried("failed")
		log.Info("webhook failed", "error", err, "again_in", end.Again)
	}
	noting, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := s.Outbox.EndAttempt(noting, s.access(), d, end); err != nil && !errors.Is(err, store.ErrLostLease) {
		log.Warn("webhook: the attempt could not be noted", "error", err)
	}
}
