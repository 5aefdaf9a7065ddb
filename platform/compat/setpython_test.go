package compat

import (
	"slices"
	"testing"
)

// TestSetPython plays the graphs of the set python. What each has to show is written here, from the page of the conformance graphs
// and streaming.md; the files of testdata/sets hold the rest.
func TestSetPython(t *testing.T) {
	t.Parallel()
	s := setServer(t, "python")
	const hi = `"input": {"messages": [{"type": "human", "id": "h", "content": "hi"}]}`

	// Every node tells when it begins and ends. A tool that only was spoken of is no tool, and a graph that a function invokes is no
	// child: neither has events of its own. The node that asks begins again when it is answered.
	t.Run("agent", func(t *testing.T) {
		p := playSet(t, s, "python", "agent", "agent")
		asked := p.run(t, hi)
		asked.want(`
			metadata
			checkpoint -1, next [__start__]
			values {items:[] messages:[human#h]}
			checkpoint 0, next [stream_message]
			begin stream_message
			custom {name:progress phase:start step:stream_message}
			say ~ai#ai-msg-1(Hello, )
			say ~ai#ai-msg-1(world!)
			custom {name:progress phase:end step:stream_message}
			update of stream_message {items:[streamed] messages:[ai#ai-msg-1(Hello, world!)] value:x}
			end stream_message
			values {items:[streamed] messages:[human#h ai#ai-msg-1] value:x}
			checkpoint 1, next [call_tool]
			begin call_tool
			custom {name:progress phase:start step:call_tool}
			custom {name:progress phase:end step:call_tool}
			say ai#ai-msg-2({args:{query:v3} id:tc-1 name:search type:tool_call})
			say tool(result for 'v3')
			update of call_tool {items:[tool] messages:[ai#ai-msg-2({args:{query:v3} id:tc-1 name:search type:tool_call}) tool(result for 'v3')]}
			end call_tool
			values {items:[streamed tool] messages:[human#h ai#ai-msg-1 ai#ai-msg-2 tool(result for 'v3')] value:x}
			checkpoint 2, next [ask_human]
			begin ask_human
			custom {name:progress phase:start step:ask_human}
			interrupt [{id:_ value:Are we good?}]
			values {__interrupt__:[{id:_ value:Are we good?}] items:[streamed tool] messages:[human#h ai#ai-msg-1 ai#ai-msg-2 tool(result for 'v3')] value:x}
			end ask_human asks`)
		interrupt := asked.interrupt("Are we good?")
		p.waits(t, interrupt, "ask_human")
		answered := p.run(t, `"command": {"resume": "yes"}`)
		answered.want(`
			metadata
			values {items:[streamed tool] messages:[human#h ai#ai-msg-1 ai#ai-msg-2 tool(result for 'v3')] value:x}
			checkpoint 2, next [ask_human]
			begin ask_human
			custom {name:progress phase:start step:ask_human}
			custom {name:progress phase:end step:ask_human}
			say ai#ai-msg-3(Human said: yes)
			update of ask_human {items:[asked] messages:[ai#ai-msg-3(Human said: yes)]}
			end ask_human
			values {items:[streamed tool asked] messages:[human#h ai#ai-msg-1 ai#ai-msg-2 tool(result for 'v3') ai#ai-msg-3] value:x}
			checkpoint 3, next [run_subgraph]
			begin run_subgraph
			custom {name:progress phase:start step:run_subgraph}
			custom {name:progress phase:end step:run_subgraph}
			say ai#sub-msg-1(from subgraph)
			update of run_subgraph {items:[sub] messages:[ai#sub-msg-1(from subgraph)]}
			end run_subgraph
			values {items:[streamed tool asked sub] messages:[human#h ai#ai-msg-1 ai#ai-msg-2 tool(result for 'v3') ai#ai-msg-3 ai#sub-msg-1] value:x}
			checkpoint 4, next []`)
		for _, shown := range []setShown{asked, answered} {
			shown.none("tools")
			shown.none("", "|")
		}
	})
	// An answer by the interrupt's id does the same, and one that is no text is said as JSON.
	t.Run("agent by id", func(t *testing.T) {
		p := playSet(t, s, "python", "agent", "agent_by_id")
		id := p.run(t, hi).interrupt("Are we good?")
		shown := p.run(t, `"command": {"resume": {"`+id+`": {"ok": true}}}`)
		items := inWords(shown.last("values")["items"])
		if items != "[streamed tool asked sub]" || !slices.Contains(shown.moments(), `say ai#ai-msg-3(Human said: {"ok":true})`) {
			t.Errorf("items %s, said %v", items, shown.of("messages"))
		}
	})
	t.Run("tools_agent", func(t *testing.T) {
		p := playSet(t, s, "python", "tools_agent", "tools_agent")
		shown := p.run(t, hi)
		shown.want(`
			metadata
			checkpoint -1, next [__start__]
			values {messages:[human#h]}
			checkpoint 0, next [agent]
			begin agent
			say ~ai#ai-tools-call(+tc-1 search)
			say ~ai#ai-tools-call(+<nil> <nil>{"query":"v3"})
			update of agent {messages:[ai#ai-tools-call({args:{query:v3} id:tc-1 name:search type:tool_call})]}
			end agent
			values {messages:[human#h ai#ai-tools-call]}
			checkpoint 1, next [tools]
			begin tools
			on_tool_start tc-1 search {"query":"v3"}
			on_tool_end tc-1 search tool(result for 'v3')
			say tool(result for 'v3')
			update of tools {messages:[tool(result for 'v3')]}
			end tools
			values {messages:[human#h ai#ai-tools-call tool(result for 'v3')]}
			checkpoint 2, next [agent]
			begin agent
			say ~ai(done.)
			update of agent {messages:[ai(done.)]}
			end agent
			values {messages:[human#h ai#ai-tools-call tool(result for 'v3') ai(done.)]}
			checkpoint 3, next []`)
		shown.toolSucceeded("tc-1")
	})
	// The researcher is a direct child, tools:<the task of the call>, and what it does is inside of the call.
	t.Run("deep_agent", func(t *testing.T) {
		p := playSet(t, s, "python", "deep_agent", "deep_agent")
		shown := p.run(t, hi)
		shown.want(`
			metadata
			checkpoint -1, next [__start__]
			values {messages:[human#h]}
			checkpoint 0, next [agent]
			begin agent
			say ~ai#sup-1(+tc-task-1 task)
			say ~ai#sup-1(+<nil> <nil>{"description":"Look into it.","subagent_type":"researcher"})
			update of agent {messages:[ai#sup-1({args:{description:Look into it. subagent_type:researcher} id:tc-task-1 name:task type:tool_call})]}
			end agent
			values {messages:[human#h ai#sup-1]}
			checkpoint 1, next [tools]
			begin tools
			on_tool_start tc-task-1 task {"description":"Look into it.","subagent_type":"researcher"}
			tools/checkpoint -1, next [__start__]
			tools/values {messages:[human(Look into it.)]}
			tools/checkpoint 0, next [agent]
			tools/begin agent
			tools/say ~ai#res-1(I )
			tools/say ~ai#res-1(looked )
			tools/say ~ai#res-1(into )
			tools/say ~ai#res-1(it.)
			tools/update of agent {messages:[ai#res-1(I looked into it.)]}
			tools/end agent
			tools/values {messages:[human(Look into it.) ai#res-1]}
			tools/checkpoint 1, next []
			on_tool_end tc-task-1 task tool(I looked into it.)
			say tool(I looked into it.)
			update of tools {messages:[tool(I looked into it.)]}
			end tools
			values {messages:[human#h ai#sup-1 tool(I looked into it.)]}
			checkpoint 2, next [agent]
			begin agent
			say ~ai#sup-2(Research )
			say ~ai#sup-2(complete.)
			update of agent {messages:[ai#sup-2(Research complete.)]}
			end agent
			values {messages:[human#h ai#sup-1 tool(I looked into it.) ai#sup-2]}
			checkpoint 3, next []`)
		shown.toolSucceeded("tc-task-1")
		if got, want := shown.children(), []string{"tools:" + shown.task("tools")}; !slices.Equal(got, want) {
			t.Errorf("children %v, want %v", got, want)
		}
	})
	t.Run("factory_agent", func(t *testing.T) {
		p := playSet(t, s, "python", "factory_agent", "factory_agent")
		p.run(t, `"input": {"text": "hi"}`).want(`
			metadata
			checkpoint -1, next [__start__]
			values {text:hi}
			checkpoint 0, next [echo]
			begin echo
			update of echo {access_context:threads.create_run is_for_execution:true text:hi echoed}
			end echo
			values {access_context:threads.create_run is_for_execution:true text:hi echoed}
			checkpoint 1, next []`)
	})
}
