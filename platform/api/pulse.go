package api

import (
	"sync"
	"time"
)

// pulse beats for every open stream at one steady period, from one timer. A stream joins at the slot of its start, so the beats
// of many streams are spread over the period and each stream's own are equally far apart: clients measure the distance of the
// first two and take a longer silence for a broken connection (streaming.md §1.2).
type pulse struct {
	mu    sync.Mutex
	slots [][]chan struct{}
	at    int
	stop  chan struct{}
	done  sync.WaitGroup
}

const pulseSlots = 50

func newPulse(period time.Duration) *pulse {
	p := &pulse{slots: make([][]chan struct{}, pulseSlots), stop: make(chan struct{})}
	ticker := time.NewTicker(max(period/pulseSlots, time.Millisecond))
	p.done.Go(func() {
		defer ticker.Stop()
		for {
			select {
			case <-p.stop:
				return
			case <-ticker.C:
				p.beat()
			}
		}
	})
	return p
}

// join returns a channel that gets a value once each period, and a function that leaves. A beat that nobody takes is dropped.
func (p *pulse) join() (beats <-chan struct{}, leave func()) {
	c := make(chan struct{}, 1)
	p.mu.Lock()
	slot := p.at
	p.slots[slot] = append(p.slots[slot], c)
	p.mu.Unlock()
	return c, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		members := p.slots[slot]
		for i, member := range members {
			if member == c {
				members[i] = members[len(members)-1]
				members[len(members)-1] = nil
				p.slots[slot] = members[:len(members)-1]
				return
			}
		}
	}
}

// members counts who has joined and not left.
func (p *pulse) members() (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, slot := range p.slots {
		n += len(slot)
	}
	return n
}

func (p *pulse) beat() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = (p.at + 1) % len(p.slots)
	for _, c := range p.slots[p.at] {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

func (p *pulse) close() {
	p.mu.Lock()
	select {
	case <-p.stop:
	default:
		close(p.stop)
	}
	p.mu.Unlock()
	p.done.Wait()
}
