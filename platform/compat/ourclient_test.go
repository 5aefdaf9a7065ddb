package compat

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/locutory/locutory/sdk"
)

// The tutorials' own steps, by our client.
func TestTutorialsWithOurClient(t *testing.T) {
	t.Parallel()
	for part, tutorial := range map[string]struct {
		config string
		steps  func(t *testing.T, client func(token string) *sdk.Client)
	}{
		"part1": {"../../examples/basic-auth/platform.json", authentication},
		"part2": {"../../examples/private-chat/platform.json", privateConversations},
	} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			path := binary(t, tutorial.config)
			databases(t, func(t *testing.T, uri string) {
				url := start(t, path, "DATABASE_URI="+uri).URL
				tutorial.steps(t, func(token string) *sdk.Client {
					client, err := sdk.New(sdk.Config{URL: url, Token: token})
					if err != nil {
						t.Fatal(err)
					}
					return client
				})
			})
		})
	}
}

// statusOf is the status that a call was refused with, 0 for none.
func statusOf(t *testing.T, err error) int {
	t.Helper()
	var refused *sdk.Error
	if err != nil && !errors.As(err, &refused) {
		t.Fatalf("not an answer of the server: %v", err)
	}
	if refused == nil {
		return 0
	}
	return refused.Status
}

var greeting = sdk.RunCreate{Input: sdk.Messages(sdk.Human("hello"))}

func authentication(t *testing.T, client func(string) *sdk.Client) {
	ctx := t.Context()
	for _, token := range []string{"", "nope"} {
		_, err := client(token).Threads.Create(ctx, sdk.ThreadCreate{})
		if got := statusOf(t, err); got != http.StatusUnauthorized {
			t.Errorf("token %q: status %d", token, got)
		}
	}
	alice, bob := client("user1-token"), client("user2-token")
	thread, err := alice.Threads.Create(ctx, sdk.ThreadCreate{})
	check(t, err)
	run, err := alice.Runs.Create(ctx, thread.ThreadID, "agent", greeting)
	check(t, err)
	var state struct{ Messages []struct{ Type string } }
	_, err = alice.Runs.Join(ctx, thread.ThreadID, run.RunID, &state)
	check(t, err)
	if len(state.Messages) != 2 || state.Messages[1].Type != "ai" {
		t.Errorf("state %+v", state)
	}
	_, err = bob.Threads.Get(ctx, thread.ThreadID) // there are no rules yet
	check(t, err)
}

func privateConversations(t *testing.T, client func(string) *sdk.Client) {
	ctx := t.Context()
	alice, bob := client("user1-token"), client("user2-token")
	mine, err := alice.Threads.Create(ctx, sdk.ThreadCreate{Metadata: map[string]any{"owner": "user2"}})
	check(t, err)
	if mine.Metadata["owner"] != "user1" {
		t.Errorf("owner %v", mine.Metadata["owner"])
	}
	var text strings.Builder
	for event, err := range alice.Runs.Stream(ctx, mine.ThreadID, "agent", sdk.RunCreate{
		Input: greeting.Input, StreamMode: []sdk.StreamMode{sdk.StreamMessages},
	}) {
		check(t, err)
		token, _ := event.Token()
		text.WriteString(token)
	}
	state, err := alice.Threads.State(ctx, mine.ThreadID)
	check(t, err)
	var values struct{ Messages []struct{ Content string } }
	check(t, json.Unmarshal(state.Values, &values))
	if len(values.Messages) != 2 || values.Messages[1].Content != text.String() || text.Len() == 0 {
		t.Errorf("streamed %q, the state has %+v", text.String(), values)
	}
	for name, call := range map[string]func(context.Context, *sdk.Client) error{
		"get": func(ctx context.Context, c *sdk.Client) error {
			_, err := c.Threads.Get(ctx, mine.ThreadID)
			return err
		},
		"delete": func(ctx context.Context, c *sdk.Client) error { return c.Threads.Delete(ctx, mine.ThreadID) },
		"state": func(ctx context.Context, c *sdk.Client) error {
			_, err := c.Threads.State(ctx, mine.ThreadID)
			return err
		},
		"history": func(ctx context.Context, c *sdk.Client) error {
			_, err := c.Threads.History(ctx, mine.ThreadID, sdk.HistorySearch{})
			return err
		},
		"run": func(ctx context.Context, c *sdk.Client) error {
			_, err := c.Runs.Create(ctx, mine.ThreadID, "agent", greeting)
			return err
		},
		"wait": func(ctx context.Context, c *sdk.Client) error {
			_, err := c.Runs.Wait(ctx, mine.ThreadID, "agent", greeting, nil)
			return err
		},
	} {
		ctx, done := context.WithTimeout(ctx, 20*time.Second)
		if got := statusOf(t, call(ctx, bob)); got != http.StatusNotFound {
			t.Errorf("bob's %s: status %d", name, got)
		}
		done()
	}
	theirs, err := bob.Threads.Create(ctx, sdk.ThreadCreate{})
	check(t, err)
	for want, user := range map[string]*sdk.Client{mine.ThreadID: alice, theirs.ThreadID: bob} {
		var found []string
		for thread, err := range user.Threads.All(ctx, sdk.ThreadSearch{}) {
			check(t, err)
			found = append(found, thread.ThreadID)
		}
		if !slices.Equal(found, []string{want}) {
			t.Errorf("found %v, want %s alone", found, want)
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
