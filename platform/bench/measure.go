package main

import (
	"context"
	"net/http"
	"os"
	"sync"
	"time"
)

// measure is one kind of request.
type measure struct {
	name    string
	threads int // that each lane needs before
	op      op
}

// op sends one request of a lane; turn counts the requests of the lane from 0.
type op func(ctx context.Context, l *lane, turn int) (sample, error)

// many is how many threads each lane's runs go round on: a run meets a conversation of a few turns.
const many = 64

const (
	echo  = `{"assistant_id":"echo","input":{"messages":[{"role":"user","content":"hello"}]}}`
	chain = `{"assistant_id":"chain10","input":{"messages":[{"role":"user","content":"hello"}],"step":0}}`
	speak = `{"assistant_id":"tokens200","stream_mode":"messages-tuple","input":{"messages":[{"role":"user","content":"hello"}]}}`
)

func measures() []measure {
	return []measure{
		{"thread create", 0, func(ctx context.Context, l *lane, _ int) (sample, error) {
			return l.call(ctx, http.MethodPost, "/threads", "{}", `"thread_id"`)
		}},
		{"thread get", many, func(ctx context.Context, l *lane, turn int) (sample, error) {
			return l.call(ctx, http.MethodGet, l.thread(turn), "", `"thread_id"`)
		}},
		{"stateless echo wait", 0, func(ctx context.Context, l *lane, _ int) (sample, error) {
			return l.call(ctx, http.MethodPost, "/runs/wait", echo, "echo: hello")
		}},
		{"thread echo wait", many, func(ctx context.Context, l *lane, turn int) (sample, error) {
			return l.call(ctx, http.MethodPost, l.thread(turn)+"/runs/wait", echo, "echo: hello")
		}},
		{"stateless tokens200 stream", 0, func(ctx context.Context, l *lane, _ int) (sample, error) {
			return l.stream(ctx, "/runs/stream", 200)
		}},
		{"thread tokens200 stream", many, func(ctx context.Context, l *lane, turn int) (sample, error) {
			return l.stream(ctx, l.thread(turn)+"/runs/stream", 200)
		}},
		{"stateless chain10 wait", 0, func(ctx context.Context, l *lane, _ int) (sample, error) {
			return l.call(ctx, http.MethodPost, "/runs/wait", chain, `"step":10`)
		}},
		{"thread chain10 wait", many, func(ctx context.Context, l *lane, turn int) (sample, error) {
			return l.call(ctx, http.MethodPost, l.thread(turn)+"/runs/wait", chain, `"step":10`)
		}},
	}
}

// patience is how long a measure may go on when requests hang.
const patience = 15 * time.Second

// take prepares, warms up and measures.
func (m measure) take(ctx context.Context, o options, pid int, lanes []*lane) (result, error) {
	ctx, done := context.WithTimeout(ctx, o.warmup+o.duration+patience)
	defer done()
	for _, l := range lanes {
		if err := l.fill(ctx, m.threads); err != nil {
			return result{}, err
		}
	}
	drive(ctx, lanes, o.warmup, o.count, m.op)
	before, err := spentBy(pid)
	if err != nil {
		return result{}, err
	}
	t := drive(ctx, lanes, o.duration, o.count, m.op)
	after, err := spentBy(pid)
	if err != nil {
		return result{}, err
	}
	return summarize(m.name, t, after.since(before)), ctx.Err()
}

// spent is what has been used of the machine.
type spent struct {
	server, self, all time.Duration // processor time of the server, of the generator, and of everything
	peak              int64         // of the server's memory
}

func spentBy(pid int) (spent, error) {
	server, err := usageOf(pid)
	if err != nil {
		return spent{}, err
	}
	self, err := usageOf(os.Getpid())
	if err != nil {
		return spent{}, err
	}
	all, err := machine()
	return spent{server: server.cpu, self: self.cpu, all: all, peak: server.peak}, err
}

func (s spent) since(before spent) spent {
	return spent{server: s.server - before.server, self: s.self - before.self, all: s.all - before.all, peak: s.peak}
}

// others is the share of the machine's processors that neither the server nor the generator used; it spoils a measure.
func (s spent) others(elapsed time.Duration, cpus int) float64 {
	if elapsed <= 0 {
		return 0
	}
	return max(0, (s.all-s.server-s.self).Seconds()/(elapsed.Seconds()*float64(cpus)))
}

// drive lets every lane send its requests until the time is over or its share of count is sent, and waits for the last answer.
func drive(ctx context.Context, lanes []*lane, d time.Duration, count int, do op) tally {
	began := time.Now()
	each := make([]tally, len(lanes))
	var all sync.WaitGroup
	for i, l := range lanes {
		all.Go(func() {
			share := (count + len(lanes) - 1 - i) / len(lanes)
			for turn := 0; turn < share && time.Since(began) < d && ctx.Err() == nil; turn++ {
				each[i].add(do(ctx, l, turn))
			}
		})
	}
	all.Wait()
	whole := tally{elapsed: time.Since(began)}
	for _, t := range each {
		whole.merge(t)
	}
	return whole
}
