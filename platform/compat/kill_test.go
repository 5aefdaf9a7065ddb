package compat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/locutory/locutory/platform/wire"
	"github.com/locutory/locutory/sdk"
)

// A server is killed in the middle of ten-step runs and started again, over and over: each run ends from its last checkpoint,
// no history has a gap or a double, and each reader, whose client comes back with its last id, has seen ids that only grow and
// folds to exactly the thread's state.
func TestKilledServersLoseNothing(t *testing.T) {
	t.Parallel()
	path := binary(t, "graphs/durable/platform.json")
	databases(t, func(t *testing.T, uri string) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 0))
		server := start(t, path, "DATABASE_URI="+uri, "LOCUTORY_LEASE=500ms")
		client, err := sdk.New(sdk.Config{URL: server.URL, Token: "user1-token"})
		if err != nil {
			t.Fatal(err)
		}
		for range (Share().Kills + 1) / 2 {
			killOnce(t, server, client, 1+random.IntN(9))
		}
	})
}

// killOnce starts a few runs, kills the server when one of them has taken so many steps, and checks them all at their end.
func killOnce(t *testing.T, server *process, client *sdk.Client, steps int) {
	t.Helper()
	const runs = 4
	reached, again := make(chan struct{}), make(chan struct{})
	var taken [runs]atomic.Int64
	var once sync.Once
	var all sync.WaitGroup
	failures := make(chan error, runs)
	for i := range runs {
		all.Go(func() {
			failures <- tenSteps(t.Context(), client, again, func(step int) {
				taken[i].Store(int64(step))
				behind, ahead := taken[0].Load(), int64(step)
				for k := range taken {
					behind = min(behind, taken[k].Load())
				}
				if behind > 0 && ahead >= int64(steps) { // all are under way, and this one is far enough
					once.Do(func() { close(reached) })
				}
			})
		})
	}
	select {
	case <-reached:
	case <-time.After(30 * time.Second):
		t.Fatal("no run got to its step")
	}
	server.kill()
	server.again()
	close(again)
	all.Wait()
	for range runs {
		if err := <-failures; err != nil {
			t.Fatal(err)
		}
	}
}

// tenSteps runs the graph in a thread of its own and, when the server is there again, checks what its reader saw against what is
// stored.
func tenSteps(ctx context.Context, client *sdk.Client, again <-chan struct{}, step func(n int)) error {
	thread, err := client.Threads.Create(ctx, sdk.ThreadCreate{})
	if err != nil {
		return err
	}
	var last json.RawMessage
	var lastID int64 = -1
	taken := 0
	for event, err := range client.Runs.Stream(ctx, thread.ThreadID, "agent", sdk.RunCreate{
		Input:           sdk.JSON(map[string]any{"messages": []any{}}),
		Config:          wire.Config{Configurable: wire.Object{"delay_ms": 20}},
		StreamMode:      []sdk.StreamMode{sdk.StreamValues, sdk.StreamUpdates},
		StreamResumable: true,
	}) {
		if err != nil {
			return fmt.Errorf("stream: %w", err)
		}
		id, err := strconv.ParseInt(event.ID, 10, 64)
		if err != nil || id <= lastID {
			return fmt.Errorf("id %q after %d", event.ID, lastID)
		}
		lastID = id
		switch event.Name {
		case "values":
			last = event.Data
		case "updates":
			taken++
			step(taken)
		}
	}
	select {
	case <-again:
	case <-ctx.Done():
		return ctx.Err()
	}
	state, err := client.Threads.State(ctx, thread.ThreadID)
	if err != nil {
		return err
	}
	if !bytes.Equal(canonical(last), canonical(state.Values)) {
		return fmt.Errorf("the reader ends with\n%s\nthe thread is\n%s", last, state.Values)
	}
	return errors.Join(tenStepState(state.Values), tenStepHistory(ctx, client, thread.ThreadID))
}

func tenStepState(values json.RawMessage) error {
	var state struct {
		Step     int
		Messages []struct{ ID, Content string }
	}
	if err := json.Unmarshal(values, &state); err != nil {
		return err
	}
	seen := map[string]bool{}
	for i, message := range state.Messages {
		if want := fmt.Sprintf("step %d", i+1); message.Content != want || seen[message.ID] {
			return fmt.Errorf("message %d is %q with id %s", i, message.Content, message.ID)
		}
		seen[message.ID] = true
	}
	if state.Step != 10 || len(state.Messages) != 10 {
		return fmt.Errorf("ended at step %d with %d messages", state.Step, len(state.Messages))
	}
	return nil
}

// tenStepHistory checks that the thread has the checkpoints of ten steps and no other: -1 (input), 0 (start), 1 to 10.
func tenStepHistory(ctx context.Context, client *sdk.Client, thread string) error {
	history, err := client.Threads.History(ctx, thread, sdk.HistorySearch{Limit: 100})
	if err != nil {
		return err
	}
	if len(history) != 12 {
		return fmt.Errorf("%d checkpoints, want 12", len(history))
	}
	for i, state := range history {
		step, err := json.Marshal(state.Metadata["step"])
		if err != nil || string(step) != strconv.Itoa(10-i) {
			return fmt.Errorf("checkpoint %d has step %s, want %d", i, step, 10-i)
		}
		if i+1 == len(history) {
			break
		}
		if parent := state.ParentCheckpoint; parent == nil || parent.CheckpointID != history[i+1].Checkpoint.CheckpointID {
			return fmt.Errorf("checkpoint %d has another parent than the one before it", i)
		}
	}
	return nil
}

// canonical is JSON with its keys in order.
func canonical(raw json.RawMessage) []byte {
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return raw
	}
	out, err := json.Marshal(v)
	if err != nil {
		return raw
	}
	return out
}
