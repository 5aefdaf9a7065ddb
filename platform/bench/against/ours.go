package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/memory"
)

// ours is the engine of this repository.
type ours struct{ graphs map[shape]graphs.Runnable }

type state struct {
	graphs.MessagesState
	Step int `json:"step" reduce:"add"`
	// Want is where a loop ends.
	Want int `json:"want"`
}

func newOurs() (*ours, error) {
	o := &ours{graphs: map[shape]graphs.Runnable{}}
	var errs []error
	for shape, g := range map[shape]*graphs.StateGraph[state]{
		shapeOne:   ourChain(1),
		shapeChain: ourChain(chainNodes),
		shapeFan:   ourFan(),
		shapeLoop: graphs.NewStateGraph[state]().AddNode("n", count).AddEdge(graphs.Start, "n").
			AddConditionalEdges("n", again, "n", graphs.End),
		shapeInterrupt: graphs.NewStateGraph[state]().AddNode("first", count).AddNode("ask", ask).
			AddEdge(graphs.Start, "first").AddEdge("first", "ask"),
		shapeTokens: graphs.NewStateGraph[state]().AddNode("model", talk).AddEdge(graphs.Start, "model"),
	} {
		made, err := g.Compile()
		o.graphs[shape] = made
		errs = append(errs, err)
	}
	return o, errors.Join(errs...)
}

func ourChain(n int) *graphs.StateGraph[state] {
	g := graphs.NewStateGraph[state]()
	from := graphs.Start
	for i := range n {
		name := "n" + strconv.Itoa(i)
		g.AddNode(name, count).AddEdge(from, name)
		from = name
	}
	return g
}

func ourFan() *graphs.StateGraph[state] {
	g := graphs.NewStateGraph[state]().AddNode("first", count).AddNode("last", count).AddEdge(graphs.Start, "first")
	for i := range fanNodes {
		name := "n" + strconv.Itoa(i)
		g.AddNode(name, count).AddEdge("first", name).AddEdge(name, "last")
	}
	return g
}

func count(context.Context, state) (graphs.Update, error) { return graphs.Patch(state{Step: 1}), nil }

func again(_ context.Context, s state) (string, error) {
	if s.Step < s.Want {
		return "n", nil
	}
	return graphs.End, nil
}

func ask(ctx context.Context, _ state) (graphs.Update, error) {
	if _, err := graphs.Interrupt[string](ctx, "go on?"); err != nil {
		return nil, err
	}
	return graphs.Patch(state{Step: 1}), nil
}

func talk(ctx context.Context, s state) (graphs.Update, error) {
	answer, err := graphs.CallModel(ctx, talker{}, graphs.ModelRequest{Messages: s.Messages})
	if err != nil {
		return nil, err
	}
	return graphs.Set{"messages": answer}, nil
}

// talker is a model that says the same word again and again.
type talker struct{}

func (talker) Info() graphs.ModelInfo { return graphs.ModelInfo{Provider: "bench", Name: "talker"} }

func (talker) Stream(context.Context, graphs.ModelRequest) iter.Seq2[graphs.MessageChunk, error] {
	return func(yield func(graphs.MessageChunk, error) bool) {
		for i := range tokens {
			if !yield(graphs.MessageChunk{Content: graphs.Content{Text: "word "}, Last: i == tokens-1}, nil) {
				return
			}
		}
	}
}

func (o *ours) name() string { return "Locutory" }

func (*ours) elsewhere() bool { return false }

func (o *ours) run(ctx context.Context, c benchCase, times int) (spent, error) {
	return inProcess(times, func() (int, error) {
		var saver graphs.Saver
		if c.Saved {
			saver = memory.New()
		}
		return o.once(ctx, c, saver)
	})
}

func (o *ours) kept(ctx context.Context, c benchCase) (stored, error) {
	saver := memory.New()
	if _, err := o.once(ctx, c, saver); err != nil {
		return stored{}, err
	}
	checkpoints, bytes := saver.Size()
	return stored{checkpoints, bytes}, nil
}

func (o *ours) once(ctx context.Context, c benchCase, saver graphs.Saver) (int, error) {
	cfg := graphs.Config{Saver: saver, RecursionLimit: 2 * longSteps}
	in := graphs.Input{Value: state{MessagesState: graphs.MessagesState{Messages: []graphs.Message{graphs.Human("hi")}}, Want: c.Steps}}
	if c.Shape == shapeTokens {
		return o.read(ctx, in, cfg)
	}
	end, err := graphs.Invoke[state](ctx, o.graphs[c.Shape], in, cfg)
	var paused *graphs.PausedError
	if c.Shape == shapeInterrupt && errors.As(err, &paused) {
		in = graphs.Input{Command: &graphs.InputCommand{HasResume: true, Resume: []byte(`"yes"`)}}
		end, err = graphs.Invoke[state](ctx, o.graphs[c.Shape], in, cfg)
	}
	return end.Step, err
}

// read reads a stream as a client in the mode messages does.
func (o *ours) read(ctx context.Context, in graphs.Input, cfg graphs.Config) (int, error) {
	cfg.Messages = true
	chunks := 0
	for e, err := range o.graphs[shapeTokens].Stream(ctx, in, cfg) {
		if err != nil {
			return 0, err
		}
		if e.Kind == graphs.KindChunk {
			if e.Chunk.Delta.Content.Text != "word " {
				return 0, fmt.Errorf("chunk %q", e.Chunk.Delta.Content.Text)
			}
			chunks++
		}
	}
	return chunks, nil
}
