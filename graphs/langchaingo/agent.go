package langchaingo

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/locutory/locutory/graphs"
	"github.com/tmc/langchaingo/agents"
	"github.com/tmc/langchaingo/chains"
	"github.com/tmc/langchaingo/llms"
	"github.com/tmc/langchaingo/schema"
	"github.com/tmc/langchaingo/tools"
)

// Agent makes a node of a langchaingo agent: agents.NewOneShotAgent, NewOpenAIFunctionsAgent, NewConversationalAgent or one of your own.
// The state has to have messages. What the user said last is the agent's input, what was said before its history; other keys that it
// asks for are the state's. Each thing that it does is shown to readers of the run as it happens, as a call of a tool and its answer;
// those and what it says at the end are added to the messages. opts are those of agents.NewExecutor.
//
// The agent is made for each run of the node, so that runs do not share what it keeps. A tool of it may ask a person by graphs.Interrupt;
// then, when the run goes on, the agent begins again.
//
// It panics if opts give the executor a memory: that would be one for all threads, and so for all users. The thread is the memory.
func Agent[S any](agent func() agents.Agent, opts ...agents.Option) func(context.Context, S) (graphs.Update, error) {
	refuseMemory(agents.NewExecutor(nil, opts...), "leave it out: the history is the thread's")
	return func(ctx context.Context, state S) (graphs.Update, error) {
		values, msgs, err := readState(state)
		if err != nil {
			return nil, err
		}
		w := &watchedAgent{Agent: agent()}
		inputs, err := agentInputs(w.Agent, values, msgs)
		if err != nil {
			return nil, err
		}
		outputs, err := chains.Call(ctx, agents.NewExecutor(w, opts...), inputs)
		if err == nil {
			err = ctx.Err() // it may have taken a cancelled model's beginning for an answer
		}
		if err != nil {
			return nil, fmt.Errorf("agent: %w", err)
		}
		said := w.said
		for _, key := range w.GetOutputKeys() {
			if text, ok := outputs[key].(string); ok {
				said = append(said, graphs.AI(strings.TrimSpace(text)))
			}
		}
		return graphs.Set{"messages": said}, nil
	}
}

// agentInputs fills the keys that an agent asks for.
func agentInputs(agent agents.Agent, values map[string]any, msgs []graphs.Message) (map[string]any, error) {
	said, before := lastHuman(msgs)
	inputs := make(map[string]any)
	for _, key := range agent.GetInputKeys() {
		value, given := values[key]
		switch {
		case given:
			inputs[key] = value
		case key == "input":
			inputs[key] = said
		case key == "history":
			text, err := llms.GetBufferString(chatMessages(before), "Human", "AI")
			if err != nil {
				return nil, fmt.Errorf("agent: history: %w", err)
			}
			inputs[key] = text
		}
	}
	return inputs, nil
}

// watchedAgent tells readers what an agent does between two of its plans.
type watchedAgent struct {
	agents.Agent
	said    []graphs.Message
	told    int                  // steps
	waiting []schema.AgentAction // planned, not done yet
}

// Plan tells what came of the plan before, and what the agent wants now.
func (w *watchedAgent) Plan(ctx context.Context, steps []schema.AgentStep, inputs map[string]string, opts ...chains.ChainCallOption) ([]schema.AgentAction, *schema.AgentFinish, error) {
	for ; w.told < len(steps); w.told++ {
		step := steps[w.told]
		if step.Action.ToolID == "" {
			continue // the agent could not read its model
		}
		answer := graphs.ToolResult(step.Action.ToolID, step.Observation)
		answer.Name = step.Action.Tool
		if err := w.say(ctx, answer); err != nil {
			return nil, nil, err
		}
	}
	actions, finish, err := w.Agent.Plan(ctx, steps, inputs, opts...)
	if err != nil || len(actions) == 0 {
		return actions, finish, err
	}
	actions = slices.Clone(actions)
	asked := graphs.AI(strings.TrimSpace(thought(actions[0].Log)))
	for i := range actions {
		if actions[i].ToolID == "" {
			actions[i].ToolID = "call_" + uuid.NewString()
		}
		asked.ToolCalls = append(asked.ToolCalls, graphs.ToolCall{ID: actions[i].ToolID, Name: actions[i].Tool, Args: argsOf(actions[i].ToolInput)})
	}
	w.waiting = slices.Clone(actions)
	return actions, finish, w.say(ctx, asked)
}

// thought is what a ReAct agent wrote before its action.
func thought(log string) string {
	before, _, found := strings.Cut(log, "Action:")
	if !found {
		return ""
	}
	return before
}

// argsOf is a tool's input as an object.
func argsOf(input string) json.RawMessage {
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(input), &object) == nil && object != nil {
		return json.RawMessage(input)
	}
	raw, err := json.Marshal(map[string]string{"input": input})
	if err != nil {
		return json.RawMessage("{}")
	}
	return raw
}

func (w *watchedAgent) say(ctx context.Context, m graphs.Message) error {
	m.ID = uuid.NewString()
	w.said = append(w.said, m)
	if rt := graphs.RuntimeFrom(ctx); rt != nil {
		return rt.Message(m, nil)
	}
	return nil
}

// GetTools returns the agent's tools; they tell of their calls.
func (w *watchedAgent) GetTools() []tools.Tool {
	own := w.Agent.GetTools()
	watched := make([]tools.Tool, len(own))
	for i, tool := range own {
		watched[i] = watchedTool{tool, w}
	}
	return watched
}

// take returns the planned call of a tool, which is made in order.
func (w *watchedAgent) take(tool string) graphs.ToolCall {
	for i, action := range w.waiting {
		if strings.EqualFold(action.Tool, tool) {
			w.waiting = slices.Delete(w.waiting, i, i+1)
			return graphs.ToolCall{ID: action.ToolID, Name: tool, Args: argsOf(action.ToolInput)}
		}
	}
	return graphs.ToolCall{Name: tool}
}

type watchedTool struct {
	tools.Tool
	agent *watchedAgent
}

// Call tells of the call before and after it.
func (t watchedTool) Call(ctx context.Context, input string) (string, error) {
	call := t.agent.take(t.Name())
	rt := graphs.RuntimeFrom(ctx)
	if rt == nil {
		return t.Tool.Call(ctx, input)
	}
	if err := rt.Tool(graphs.ToolReported{CallID: call.ID, Name: call.Name, Phase: "started", Data: call.Args}); err != nil {
		return "", err
	}
	result, err := t.Tool.Call(graphs.WithToolCall(ctx, call), input)
	phase, text := "finished", result
	if err != nil {
		phase, text = "error", err.Error()
	}
	data, encodeErr := json.Marshal(text)
	if encodeErr != nil {
		return "", encodeErr
	}
	if told := rt.Tool(graphs.ToolReported{CallID: call.ID, Name: call.Name, Phase: phase, Data: data}); told != nil {
		return "", told
	}
	return result, err
}
