package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

const (
	maxFeedbackKeys    = 64
	maxFeedbackKey     = 128
	maxFeedbackComment = 16 << 10
)

// FeedbackCreate is what is sent to the link of a feedback key: its fields are those of LangSmith's feedback tokens, and all may be absent.
// What a link was used for before is replaced.
type FeedbackCreate struct {
	Score      json.RawMessage `json:"score,omitempty"` // a number or a boolean
	Value      json.RawMessage `json:"value,omitempty"` // any JSON
	Comment    string          `json:"comment,omitempty"`
	Correction json.RawMessage `json:"correction,omitempty"` // an object or a string
	Metadata   Object          `json:"metadata,omitzero"`
}

// UnmarshalJSON takes nulls for absent.
func (f *FeedbackCreate) UnmarshalJSON(data []byte) error {
	type plain FeedbackCreate
	if err := json.Unmarshal(data, (*plain)(f)); err != nil {
		return err
	}
	f.Score, f.Value, f.Correction = orAbsent(f.Score), orAbsent(f.Value), orAbsent(f.Correction)
	return nil
}

// Validate checks the kinds of values and the length of the comment.
func (f *FeedbackCreate) Validate() error {
	if n := utf8.RuneCountInString(f.Comment); n > maxFeedbackComment {
		return fmt.Errorf("comment: want at most %d characters, got %d", maxFeedbackComment, n)
	}
	if kind := kindOf(f.Score); kind != 0 && kind != 't' && kind != '1' {
		return errors.New("score: want a number or a boolean")
	}
	if kind := kindOf(f.Correction); kind != 0 && kind != '{' && kind != '"' {
		return errors.New("correction: want an object or a string")
	}
	return nil
}

// kindOf is '{', '[', '"', 't' for a boolean, '1' for a number, and 0 for nothing.
func kindOf(raw json.RawMessage) byte {
	if len(raw) == 0 {
		return 0
	}
	switch c := raw[0]; c {
	case 't', 'f':
		return 't'
	case '{', '[', '"':
		return c
	default:
		return '1'
	}
}

// Feedback is what somebody said of a run by the link of one of its feedback keys.
type Feedback struct {
	ID         string          `json:"id"`
	RunID      string          `json:"run_id"`
	Key        string          `json:"key"`
	Score      json.RawMessage `json:"score"`
	Value      json.RawMessage `json:"value"`
	Comment    *string         `json:"comment"`
	Correction json.RawMessage `json:"correction"`
	Metadata   Object          `json:"metadata"`
	CreatedAt  Time            `json:"created_at"`  // when the link was used first
	ModifiedAt Time            `json:"modified_at"` // and last
}

// checkFeedbackKeys refuses keys that could not be read in a list of feedback.
func checkFeedbackKeys(keys FeedbackKeys) error {
	if len(keys) > maxFeedbackKeys {
		return fmt.Errorf("feedback_keys: want at most %d keys, got %d", maxFeedbackKeys, len(keys))
	}
	for _, key := range keys {
		if n := utf8.RuneCountInString(key); n < 1 || n > maxFeedbackKey {
			return fmt.Errorf("feedback_keys: want keys of 1 to %d characters", maxFeedbackKey)
		}
	}
	return nil
}
