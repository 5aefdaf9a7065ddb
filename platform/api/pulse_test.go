package api

import (
	"testing"
	"testing/synctest"
	"time"
)

// Each stream's beats are exactly one period apart, whenever it joined: clients learn the period from the first two.
func TestPulseIsSteady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const period = 5 * time.Second
		p := newPulse(period)
		defer p.close()
		for range 3 {
			<-time.After(1234 * time.Millisecond)
			beats, leave := p.join()
			var last time.Time
			for i := range 4 {
				<-beats
				now := time.Now()
				if i > 0 && now.Sub(last) != period {
					t.Errorf("beat %d came after %s, want %s", i, now.Sub(last), period)
				}
				last = now
			}
			leave()
		}
	})
}

// A reader that does not take its beats neither blocks the others nor finds a heap of old ones.
func TestPulseDropsBeatsThatNobodyTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPulse(time.Second)
		defer p.close()
		slow, leave := p.join()
		defer leave()
		<-time.After(10 * time.Second)
		<-slow
		select {
		case <-slow:
			t.Error("a second beat was kept")
		default:
		}
	})
}

func TestPulseLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPulse(time.Second)
		defer p.close()
		gone, leave := p.join()
		stays, _ := p.join()
		leave()
		<-stays
		select {
		case <-gone:
			t.Error("a stream that left was told")
		default:
		}
	})
}
