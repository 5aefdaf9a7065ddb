package sdk

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ErrSignature says that a webhook was not signed with the secret, or too long ago: somebody else sent it, or sent it again.
var ErrSignature = errors.New("sdk: the webhook's signature does not hold")

// The bounds of a webhook.
const (
	webhookAge  = 5 * time.Minute // of a signature, either way: clocks differ
	webhookSize = 64 << 20
)

// ParseWebhook reads the end of a run from a request that a server sent to the webhook of RunCreate.Webhook. The secret is the server's
// LOCUTORY_WEBHOOK_SECRET, or one of them; a request whose signature does not hold, or is older than five minutes, is [ErrSignature].
// With the secret "" nothing is checked, so anybody may have sent it.
//
// An end may come twice, with the same header Locutory-Delivery. Answer with a 2xx once it is safe; after any other answer it comes again.
func ParseWebhook(r *http.Request, secret string) (*RunEnded, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, webhookSize+1))
	if err != nil {
		return nil, fmt.Errorf("sdk: read webhook: %w", err)
	}
	if len(body) > webhookSize {
		return nil, fmt.Errorf("sdk: the webhook is larger than %d bytes", webhookSize)
	}
	if secret != "" {
		if err := verify(r.Header.Get("Locutory-Signature"), secret, body, time.Now()); err != nil {
			return nil, err
		}
	}
	var ended RunEnded
	if err := json.Unmarshal(body, &ended); err != nil {
		return nil, fmt.Errorf("sdk: webhook: %w", err)
	}
	return &ended, nil
}

// verify holds a signature, t=<seconds>,v1=<hex>[,v1=<hex>...], against a body.
func verify(signature, secret string, body []byte, now time.Time) error {
	var at string
	var given [][]byte
	for part := range strings.SplitSeq(signature, ",") {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "t":
			at = value
		case "v1":
			if mac, err := hex.DecodeString(value); err == nil {
				given = append(given, mac)
			}
		}
	}
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || now.Sub(time.Unix(seconds, 0)).Abs() > webhookAge {
		return ErrSignature
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(at + "."))
	mac.Write(body)
	want := mac.Sum(nil)
	for _, one := range given {
		if hmac.Equal(one, want) {
			return nil
		}
	}
	return ErrSignature
}

// Deliveries returns what became of telling a run's end to RunCreate.Webhook: with its attempts, so that one can see why nothing came. It
// is empty for a run without a webhook, while the run goes on, and a week after the delivery has ended.
// It is GET /threads/{thread_id}/runs/{run_id}/deliveries, a route of Locutory alone.
func (r *Runs) Deliveries(ctx context.Context, threadID, runID string) ([]Delivery, error) {
	list, err := fetchAt[[]Delivery](ctx, r.client, http.MethodGet, nil, "/threads/%s/runs/%s/deliveries", threadID, runID)
	if err != nil {
		return nil, err
	}
	return *list, nil
}
