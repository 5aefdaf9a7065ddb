package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// The headers of a delivery. What they hold is described at sdk.ParseWebhook, which reads them.
const (
	headerDelivery  = "Locutory-Delivery"
	headerAttempt   = "Locutory-Attempt"
	headerSignature = "Locutory-Signature"
)

// sign is the value of the header Locutory-Signature: the time in seconds, and for each secret the HMAC-SHA256 of that time, a dot and
// the body, so that a receiver can tell an old delivery that somebody sends again. "" without secrets.
func sign(secrets []string, now time.Time, body []byte) string {
	if len(secrets) == 0 {
		return ""
	}
	at := strconv.FormatInt(now.Unix(), 10)
	var b strings.Builder
	b.WriteString("t=" + at)
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte(at + "."))
		mac.Write(body)
		b.WriteString(",v1=" + hex.EncodeToString(mac.Sum(nil)))
	}
	return b.String()
}
