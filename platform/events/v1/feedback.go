package v1

import "github.com/locutory/locutory/platform/events"

// Feedback returns the frame that tells the links of a run's feedback keys, {key: url}, and the place of that frame among those of the
// record that ends the run: before an error. The links are no part of the log: each reader gets its own, and asks for them when the frame
// is due.
func Feedback(end events.Record, links []byte) events.Frame {
	return events.Frame{ID: FeedbackID(end), Event: "feedback", Data: links}
}

// FeedbackID is the id of that frame.
func FeedbackID(end events.Record) int64 { return 16*end.Seq + placeFeedback }
