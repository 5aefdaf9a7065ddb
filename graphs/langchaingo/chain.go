package langchaingo

import (
	"context"
	"fmt"

	"github.com/locutory/locutory/graphs"
	"github.com/tmc/langchaingo/chains"
	"github.com/tmc/langchaingo/memory"
	"github.com/tmc/langchaingo/schema"
)

// Chain makes a node of a chain: it gets the state's keys that it asks for, and its outputs are written under their names, which
// have to be keys of the state. opts go with every call.
//
//	graphs.NewStateGraph[State]().AddNode("summarize", langchaingo.Chain[State](chain))
//
// It panics if the chain has a memory: that would be one for all threads, and so for all users. Use [ChainWithHistory].
func Chain[S any](chain chains.Chain, opts ...chains.ChainCallOption) func(context.Context, S) (graphs.Update, error) {
	refuseMemory(chain, "use ChainWithHistory")
	return func(ctx context.Context, state S) (graphs.Update, error) {
		values, _, err := readState(state)
		if err != nil {
			return nil, err
		}
		outputs, err := callChain(ctx, chain, values, opts)
		if err != nil {
			return nil, err
		}
		return graphs.Set(outputs), nil
	}
}

func refuseMemory(chain chains.Chain, instead string) {
	kept := chain.GetMemory()
	if _, forgets := kept.(memory.Simple); kept != nil && !forgets {
		panic(fmt.Sprintf("langchaingo: %T keeps a %T, which all threads would share; %s", chain, kept, instead))
	}
}

// callChain calls a chain with the values that it asks for.
func callChain(ctx context.Context, chain chains.Chain, values map[string]any, opts []chains.ChainCallOption) (map[string]any, error) {
	inputs := make(map[string]any)
	for _, key := range chain.GetInputKeys() {
		if value, ok := values[key]; ok {
			inputs[key] = value
		}
	}
	outputs, err := chains.Call(ctx, chain, inputs, opts...)
	if err != nil {
		return nil, fmt.Errorf("chain: %w", err)
	}
	if err := ctx.Err(); err != nil {
		return nil, err // a chain may have taken a cancelled model's beginning for an answer
	}
	return outputs, nil
}

// ChainWithHistory makes a node of a chain that remembers: the chain is made for each run of the node, over the messages of the
// thread's state. What the user said last is the chain's input, under the key input or question unless the state has such a
// key; what is saved to the history is written to the state's messages. So a thread has its own memory, and each user's threads theirs.
// What an LLMChain says is shown to readers of the run while it says it.
//
//	langchaingo.ChainWithHistory[State](func(h schema.ChatMessageHistory) chains.Chain {
//		return chains.NewConversation(llm, memory.NewConversationBuffer(memory.WithChatHistory(h)))
//	})
func ChainWithHistory[S any](chain func(schema.ChatMessageHistory) chains.Chain, opts ...chains.ChainCallOption) func(context.Context, S) (graphs.Update, error) {
	return func(ctx context.Context, state S) (graphs.Update, error) {
		values, msgs, err := readState(state)
		if err != nil {
			return nil, err
		}
		said, before := lastHuman(msgs)
		for _, key := range []string{"input", "question"} {
			if _, given := values[key]; !given {
				values[key] = said
			}
		}
		h := &history{messages: chatMessages(before), asked: said}
		made := chain(h)
		for _, key := range made.GetMemory().MemoryVariables(ctx) {
			delete(values, key) // the memory's to say
		}
		if _, err := callChain(ctx, made, values, append(h.show(ctx, made), opts...)); err != nil {
			return nil, err
		}
		return graphs.Set{"messages": h.news}, nil
	}
}
