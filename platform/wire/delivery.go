package wire

import "slices"

// DeliveryStatus is how far a server has got with telling the end of a run to its webhook.
type DeliveryStatus string

// The statuses.
const (
	DeliveryWaiting   DeliveryStatus = "waiting" // for its first attempt, or for another
	DeliveryDelivered DeliveryStatus = "delivered"
	DeliveryFailed    DeliveryStatus = "failed" // no other attempt is made
)

func (DeliveryStatus) all() []DeliveryStatus {
	return []DeliveryStatus{DeliveryWaiting, DeliveryDelivered, DeliveryFailed}
}

// Valid reports whether s is one of the constants.
func (s DeliveryStatus) Valid() bool { return slices.Contains(s.all(), s) }

// Delivery is what became of telling the end of a run to its webhook (rest.md 5.9).
type Delivery struct {
	ID        string            `json:"id"` // what the receiver sees as Locutory-Delivery
	RunID     string            `json:"run_id"`
	URL       string            `json:"url"` // without credentials and query
	Status    DeliveryStatus    `json:"status"`
	Attempts  []DeliveryAttempt `json:"attempts"` // the oldest first
	CreatedAt Time              `json:"created_at"`
	NextAt    *Time             `json:"next_attempt_at"` // null once it has ended
	EndedAt   *Time             `json:"ended_at"`        // null while it waits
}

// DeliveryAttempt is one attempt that has ended.
type DeliveryAttempt struct {
	At     Time    `json:"at"`
	Status *int    `json:"status"` // of the receiver's answer; null for none
	Error  *string `json:"error"`  // null for a success
	TookMS int64   `json:"took_ms"`
}
