package runs

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/events"
	v1 "github.com/locutory/locutory/platform/events/v1"
	"github.com/locutory/locutory/platform/store"
)

// FeedbackPath is where links of feedback keys lead, under the API's root; a token follows.
const FeedbackPath = "/feedback/tokens/"

// tokenBytes is how much chance is in a token: nobody guesses one.
const tokenBytes = 32

// newToken is a new secret.
func newToken() string {
	secret := make([]byte, tokenBytes)
	_, _ = rand.Read(secret) // it never fails
	return base64.RawURLEncoding.EncodeToString(secret)
}

// FeedbackHash is what is stored of a token; false for a text that is none.
func FeedbackHash(token string) ([]byte, bool) {
	secret, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(secret) != tokenBytes {
		return nil, false
	}
	sum := sha256.Sum256([]byte(token))
	return sum[:], true
}

// Linking returns the same Runs for a reader who is told the links of feedback keys, which r itself makes for nobody: each is kept until it
// expires or gives way to later ones. They begin with the URL of the API's root, as the reader knows it; without one they are paths.
func (r *Runs) Linking(root string) *Runs {
	linking := *r
	linking.linking, linking.root = true, root
	return &linking
}

// links makes the links of a run's feedback keys, {key: url}, for a reader with a scope for threads:read: nobody else ever gets these, and
// nothing of them is kept but hashes. nil is for a run without keys, for one that is gone, and for a reader who is told none.
func (r *Runs) links(ctx context.Context, read access.ThreadScope, run store.Run) (json.RawMessage, error) {
	if !r.linking {
		return nil, nil
	}
	var asked struct {
		Keys []string `json:"feedback_keys"`
	}
	if err := json.Unmarshal(run.Kwargs, &asked); err != nil {
		return nil, fmt.Errorf("kwargs of run %s: %w", run.ID, err)
	}
	if len(asked.Keys) == 0 {
		return nil, nil
	}
	links, offers := map[string]string{}, make([]store.FeedbackOffer, len(asked.Keys))
	for i, key := range asked.Keys {
		token := newToken()
		hash, _ := FeedbackHash(token)
		links[key], offers[i] = r.root+FeedbackPath+token, store.FeedbackOffer{Key: key, Hash: hash}
	}
	err := r.DB.Feedback.Offer(ctx, read, run.ThreadID, run.ID, offers)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(links)
}

// asking adds the frame of the feedback keys to those of a record that ends the run.
func (r *Runs) asking(ctx context.Context, read access.ThreadScope, run store.Run, end events.Record, frames []events.Frame) ([]events.Frame, error) {
	links, err := r.links(ctx, read, run)
	if links == nil || err != nil {
		return frames, err
	}
	return slices.Insert(slices.Clone(frames), 0, v1.Feedback(end, links)), nil
}

// withLinks adds the links of the feedback keys to the result of a wait or a join, which is an object.
func (r *Runs) withLinks(ctx context.Context, read access.ThreadScope, run store.Run, result json.RawMessage) (json.RawMessage, error) {
	links, err := r.links(ctx, read, run)
	if links == nil || err != nil {
		return result, err
	}
	object := bytes.TrimSuffix(bytes.TrimSpace(result), []byte("}"))
	out := slices.Clone(object)
	if len(object) > 1 {
		out = append(out, ',')
	}
	return slices.Concat(out, json.RawMessage(`"__feedback__":`), links, json.RawMessage("}")), nil
}
