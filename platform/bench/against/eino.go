package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/cloudwego/eino/compose"
	"github.com/cloudwego/eino/schema"
)

// einoEngine is eino's compose graph. Its edges carry values: here the list of messages and the counter.
type einoEngine struct {
	plain, saving map[shape]compose.Runnable[carried, carried]
	model         map[bool]compose.Runnable[carried, *schema.Message]
	store         *einoStore
	runs          atomic.Int64
}

type carried struct {
	Messages   []*schema.Message
	Step, Want int
}

// einoStore is a checkpoint store in memory.
type einoStore struct {
	mu    sync.Mutex
	saved map[string][]byte
	sets  int
}

// Get implements [compose.CheckPointStore].
func (s *einoStore) Get(_ context.Context, id string) ([]byte, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.saved[id]
	return data, ok, nil
}

// Set implements [compose.CheckPointStore].
func (s *einoStore) Set(_ context.Context, id string, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saved[id] = data
	s.sets++
	return nil
}

func (s *einoStore) forget(id string) (left stored) {
	s.mu.Lock()
	defer s.mu.Unlock()
	left = stored{s.sets, len(s.saved[id])}
	delete(s.saved, id)
	s.sets = 0
	return left
}

func newEino(ctx context.Context) (*einoEngine, error) {
	schema.RegisterName[carried]("bench_carried")
	e := &einoEngine{
		plain: map[shape]compose.Runnable[carried, carried]{}, saving: map[shape]compose.Runnable[carried, carried]{},
		model: map[bool]compose.Runnable[carried, *schema.Message]{}, store: &einoStore{saved: map[string][]byte{}},
	}
	for _, saved := range []bool{false, true} {
		opts := []compose.GraphCompileOption{compose.WithMaxRunSteps(2 * longSteps)}
		into := e.plain
		if saved {
			into, opts = e.saving, append(opts, compose.WithCheckPointStore(e.store))
		}
		for shape, build := range map[shape]func(*compose.Graph[carried, carried]) error{
			shapeOne:       func(g *compose.Graph[carried, carried]) error { return einoChain(g, 1) },
			shapeChain:     func(g *compose.Graph[carried, carried]) error { return einoChain(g, chainNodes) },
			shapeFan:       einoFan,
			shapeLoop:      einoLoop,
			shapeInterrupt: einoAsk,
		} {
			g := compose.NewGraph[carried, carried]()
			if err := build(g); err != nil {
				return nil, fmt.Errorf("eino: %s: %w", shape, err)
			}
			made, err := g.Compile(ctx, opts...)
			if err != nil {
				return nil, fmt.Errorf("eino: %s: %w", shape, err)
			}
			into[shape] = made
		}
		g := compose.NewGraph[carried, *schema.Message]()
		err := errors.Join(g.AddLambdaNode("model", compose.StreamableLambda(einoTalk)), g.AddEdge(compose.START, "model"), g.AddEdge("model", compose.END))
		if err != nil {
			return nil, fmt.Errorf("eino: %w", err)
		}
		if e.model[saved], err = g.Compile(ctx, opts...); err != nil {
			return nil, fmt.Errorf("eino: %w", err)
		}
	}
	return e, nil
}

func einoCount(_ context.Context, in carried) (carried, error) {
	in.Step++
	return in, nil
}

func einoChain(g *compose.Graph[carried, carried], n int) error {
	var errs []error
	from := compose.START
	for i := range n {
		name := "n" + strconv.Itoa(i)
		errs = append(errs, g.AddLambdaNode(name, compose.InvokableLambda(einoCount)), g.AddEdge(from, name))
		from = name
	}
	return errors.Join(append(errs, g.AddEdge(from, compose.END))...)
}

// einoFan gives each of the parallel nodes an output key: that is how eino merges what comes in by several edges.
func einoFan(g *compose.Graph[carried, carried]) error {
	errs := []error{
		g.AddLambdaNode("first", compose.InvokableLambda(einoCount)), g.AddEdge(compose.START, "first"),
		g.AddLambdaNode("last", compose.InvokableLambda(einoGather)), g.AddEdge("last", compose.END),
	}
	for i := range fanNodes {
		name := "n" + strconv.Itoa(i)
		errs = append(errs, g.AddLambdaNode(name, compose.InvokableLambda(einoCount), compose.WithOutputKey(name)),
			g.AddEdge("first", name), g.AddEdge(name, "last"))
	}
	return errors.Join(errs...)
}

// einoGather adds what each of the parallel nodes has counted since the first.
func einoGather(_ context.Context, in map[string]any) (carried, error) {
	out := carried{Step: 2}
	for _, v := range in {
		c := v.(carried)
		out.Messages = c.Messages
		out.Step += c.Step - 1
	}
	return out, nil
}

func einoLoop(g *compose.Graph[carried, carried]) error {
	return errors.Join(
		g.AddLambdaNode("n", compose.InvokableLambda(einoCount)), g.AddEdge(compose.START, "n"),
		g.AddBranch("n", compose.NewGraphBranch(func(_ context.Context, in carried) (string, error) {
			if in.Step < in.Want {
				return "n", nil
			}
			return compose.END, nil
		}, map[string]bool{"n": true, compose.END: true})))
}

func einoAsk(g *compose.Graph[carried, carried]) error {
	return errors.Join(
		g.AddLambdaNode("first", compose.InvokableLambda(einoCount)), g.AddEdge(compose.START, "first"),
		g.AddLambdaNode("ask", compose.InvokableLambda(func(ctx context.Context, in carried) (carried, error) {
			if resumed, has, _ := compose.GetResumeContext[string](ctx); !resumed || !has {
				return in, compose.StatefulInterrupt(ctx, "go on?", in)
			}
			_, _, before := compose.GetInterruptState[carried](ctx)
			before.Step++
			return before, nil
		})), g.AddEdge("first", "ask"), g.AddEdge("ask", compose.END))
}

func einoTalk(context.Context, carried) (*schema.StreamReader[*schema.Message], error) {
	reader, writer := schema.Pipe[*schema.Message](1)
	go func() {
		defer writer.Close()
		for range tokens {
			if writer.Send(schema.AssistantMessage("word ", nil), nil) {
				return
			}
		}
	}()
	return reader, nil
}

func (e *einoEngine) name() string { return "eino" }

func (*einoEngine) elsewhere() bool { return false }

func (e *einoEngine) run(ctx context.Context, c benchCase, times int) (spent, error) {
	return inProcess(times, func() (int, error) {
		step, _, err := e.once(ctx, c)
		return step, err
	})
}

func (e *einoEngine) kept(ctx context.Context, c benchCase) (stored, error) {
	_, left, err := e.once(ctx, c)
	return left, err
}

func (e *einoEngine) once(ctx context.Context, c benchCase) (int, stored, error) {
	in := carried{Messages: []*schema.Message{schema.UserMessage("hi")}, Want: c.Steps}
	var opts []compose.Option
	id := ""
	graph := e.plain[c.Shape]
	if c.Saved {
		id, graph = strconv.FormatInt(e.runs.Add(1), 10), e.saving[c.Shape]
		opts = append(opts, compose.WithCheckPointID(id))
	}
	if c.Shape == shapeTokens {
		n, err := einoRead(ctx, e.model[c.Saved], in, opts)
		return n, e.store.forget(id), err
	}
	end, err := graph.Invoke(ctx, in, opts...)
	if info, ok := compose.ExtractInterruptInfo(err); ok && c.Shape == shapeInterrupt {
		end, err = graph.Invoke(compose.ResumeWithData(ctx, info.InterruptContexts[0].ID, "yes"), carried{}, opts...)
	}
	return end.Step, e.store.forget(id), err
}

func einoRead(ctx context.Context, graph compose.Runnable[carried, *schema.Message], in carried, opts []compose.Option) (int, error) {
	reader, err := graph.Stream(ctx, in, opts...)
	if err != nil {
		return 0, err
	}
	defer reader.Close()
	for chunks := 0; ; chunks++ {
		m, err := reader.Recv()
		if errors.Is(err, io.EOF) {
			return chunks, nil
		}
		if err != nil {
			return 0, err
		}
		if m.Content != "word " {
			return 0, fmt.Errorf("chunk %q", m.Content)
		}
	}
}
