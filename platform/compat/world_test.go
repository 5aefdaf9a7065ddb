package compat

import (
	"fmt"
	"math/rand/v2"
	"sync"
)

// kind is what an id is the id of.
type kind string

// world knows who owns what on the server: the adversary's oracle.
type world struct {
	mu    sync.Mutex
	owner map[string]int // user by id
	runOf map[string]string
	rows  map[kind][][]string // ids by kind and user
	// reserved are the rows of the estates, which their owners leave alone.
	reserved map[string]bool
	// named are the ids that a user has sent: they may come back to him, as in the error of a run.
	named []map[string]bool
	users int
	marks int
}

const (
	assistants  kind = "assistant"
	threads     kind = "thread"
	runs        kind = "run"
	checkpoints kind = "checkpoint"
	crons       kind = "cron"
)

func newWorld(users int) *world {
	w := &world{owner: map[string]int{}, runOf: map[string]string{}, rows: map[kind][][]string{}, reserved: map[string]bool{}, users: users}
	for range users {
		w.named = append(w.named, map[string]bool{})
	}
	for _, k := range []kind{assistants, threads, runs, checkpoints, crons} {
		w.rows[k] = make([][]string, users)
	}
	return w
}

// claim notes that a row is a user's. The newest rows count: an old one falls out of the pool and keeps its owner.
func (w *world) claim(k kind, user int, id, thread string) {
	const pool = 40
	w.mu.Lock()
	defer w.mu.Unlock()
	if _, known := w.owner[id]; known || id == "" {
		return
	}
	w.owner[id], w.runOf[id] = user, thread
	w.rows[k][user] = append(w.rows[k][user], id)
	if rows := w.rows[k][user]; len(rows) > pool {
		w.rows[k][user] = rows[len(rows)-pool:]
	}
}

// reserve notes the owner of an id that others may aim at and the owner leaves alone.
func (w *world) reserve(user int, ids map[string]string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		w.owner[id], w.reserved[id] = user, true
	}
}

// name notes ids that a user sends.
func (w *world) name(user int, ids []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, id := range ids {
		w.named[user][id] = true
	}
}

// leaks tells whether an id is of another user, and was never sent by this one.
func (w *world) leaks(user int, id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	owner, known := w.owner[id]
	return known && owner != user && !w.named[user][id]
}

// isReserved tells whether a row is one that its owner leaves alone.
func (w *world) isReserved(id string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.reserved[id]
}

// threadOf returns the thread of a run that a user made on one.
func (w *world) threadOf(run string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.runOf[run]
}

// pick returns a random row of a user, "" when there is none yet.
func (w *world) pick(rng *rand.Rand, k kind, user int) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	rows := w.rows[k][user]
	if len(rows) == 0 {
		return ""
	}
	return rows[rng.IntN(len(rows))]
}

// mark returns a text that no other row has, with its writer's name in it.
func (w *world) mark(user int) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.marks++
	return fmt.Sprintf("%s%06d", markOf(user), w.marks)
}

// markOf is what all marks of a user begin with.
func markOf(user int) string { return fmt.Sprintf("marked-by-user%d-", user) }
