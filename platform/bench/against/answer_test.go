package main

import (
	"io"
	"regexp"
	"testing"
	"time"
)

// Each Go engine gives the answers of all cases, and the savers hold what the README says of them.
func TestAnswers(t *testing.T) {
	own, err := newOurs()
	if err != nil {
		t.Fatal(err)
	}
	peer, err := newEino(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cases() {
		for _, e := range []engine{own, peer} {
			t.Run(e.name()+"/"+c.title(), func(t *testing.T) {
				if _, err := check(t.Context(), c, e, 3); err != nil {
					t.Fatal(err)
				}
				if !c.Saved {
					return
				}
				kept, err := e.kept(t.Context(), c)
				if err != nil {
					t.Fatal(err)
				}
				if none := e == engine(peer) && c.Shape != shapeInterrupt; none != (kept.Checkpoints == 0) {
					t.Errorf("the saver holds %d checkpoints", kept.Checkpoints)
				}
			})
		}
	}
}

func TestParse(t *testing.T) {
	for _, args := range [][]string{{"-rounds", "0"}, {"-batch", "0s"}, {"-run", "("}, {"more"}} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
	o, err := parse([]string{"-run", "loop", "-rounds", "3", "-batch", "1ms", "-node", "dir"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	want := options{rounds: 3, batch: time.Millisecond, node: "dir", only: regexp.MustCompile("loop")}
	if o.rounds != want.rounds || o.batch != want.batch || o.node != want.node || o.only.String() != want.only.String() {
		t.Errorf("options %+v, want %+v", o, want)
	}
}
