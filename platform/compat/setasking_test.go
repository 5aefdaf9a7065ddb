package compat

import (
	"strings"
	"testing"
)

// TestSetMoreAsks plays the graphs of the set more that ask.
func TestSetMoreAsks(t *testing.T) {
	t.Parallel()
	s := setServer(t, "more")
	asked := `
	metadata
	checkpoint -1, next [__start__]
	values {messages:[human#h]}
	checkpoint 0, next [call_model]
	begin call_model
	say ~ai(+call_search_1 search)
	say ~ai(+<nil> <nil>{"query":"weather in sf"})
	update of call_model {messages:[ai({args:{query:weather in sf} id:call_search_1 name:search type:tool_call})]}
	end call_model
	values {messages:[human#h ai({args:{query:weather in sf} id:call_search_1 name:search type:tool_call})]}
	checkpoint 1, next [human_approval]
	begin human_approval
	interrupt [{id:_ value:{action_request:{action:tool_execution args:{search:{query:weather in sf}}} config:{allow_accept:true allow_edit:true allow_ignore:true allow_respond:true}}}]
	values {__interrupt__:[{id:_ value:{action_request:{action:tool_execution args:{search:{query:weather in sf}}} config:{allow_accept:true allow_edit:true allow_ignore:true allow_respond:true}}}] messages:[human#h ai({args:{query:weather in sf} id:call_search_1 name:search type:tool_call})]}
	end human_approval asks`
	const question = `{action_request:{action:tool_execution args:{search:{query:weather in sf}}} ` +
		`config:{allow_accept:true allow_edit:true allow_ignore:true allow_respond:true}}`
	// A resume is a list of one decision. Accepted and edited calls run; others have an answer that says so, and no tool tells anything.
	for decision, d := range map[string]struct{ args, want string }{
		"accept": {`null`, `
			metadata
			values {messages:[human#h ai({args:{query:weather in sf} id:call_search_1 name:search type:tool_call})]}
			checkpoint 1, next [human_approval]
			begin human_approval
			update of human_approval <nil>
			end human_approval
			checkpoint 2, next [tools]
			begin tools
			on_tool_start call_search_1 search {"query":"weather in sf"}
			on_tool_end call_search_1 search tool(Found: weather in sf is sunny.)
			say tool(Found: weather in sf is sunny.)
			update of tools {messages:[tool(Found: weather in sf is sunny.)]}
			end tools
			values {messages:[human#h ai({args:{query:weather in sf} id:call_search_1 name:search type:tool_call}) tool(Found: weather in sf is sunny.)]}
			checkpoint 3, next [call_model]
			begin call_model
			say ~ai(Found: )
			say ~ai(weather )
			say ~ai(in )
			say ~ai(sf )
			say ~ai(is )
			say ~ai(sunny.)
			update of call_model {messages:[ai(Found: weather in sf is sunny.)]}
			end call_model
			values {messages:[human#h ai({args:{query:weather in sf} id:call_search_1 name:search type:tool_call}) tool(Found: weather in sf is sunny.) ai(Found: weather in sf is sunny.)]}
			checkpoint 4, next []`},
		"response": {`"never mind"`, `
			metadata
			values {messages:[human#h ai({args:{query:weather in sf} id:call_search_1 name:search type:tool_call})]}
			checkpoint 1, next [human_approval]
			begin human_approval
			say tool(Tool execution was cancelled by the user.)
			say human(never mind)
			update of human_approval {messages:[tool(Tool execution was cancelled by the user.) human(never mind)]}
			end human_approval
			values {messages:[human#h ai({args:{query:weather in sf} id:call_search_1 name:search type:tool_call}) tool(Tool execution was cancelled by the user.) human(never mind)]}
			checkpoint 2, next [call_model]
			begin call_model
			say ~ai(You )
			say ~ai(said: )
			say ~ai(never )
			say ~ai(mind)
			update of call_model {messages:[ai(You said: never mind)]}
			end call_model
			values {messages:[human#h ai({args:{query:weather in sf} id:call_search_1 name:search type:tool_call}) tool(Tool execution was cancelled by the user.) human(never mind) ai(You said: never mind)]}
			checkpoint 3, next []`},
		"edit": {`{"search": {"query": "weather in rome"}}`, `
			metadata
			values {messages:[human#h ai({args:{query:weather in sf} id:call_search_1 name:search type:tool_call})]}
			checkpoint 1, next [human_approval]
			begin human_approval
			update of human_approval {messages:[ai({args:{query:weather in rome} id:call_search_1 name:search type:tool_call})]}
			end human_approval
			values {messages:[human#h ai({args:{query:weather in rome} id:call_search_1 name:search type:tool_call})]}
			checkpoint 2, next [tools]
			begin tools
			on_tool_start call_search_1 search {"query":"weather in rome"}
			on_tool_end call_search_1 search tool(Found: weather in rome is sunny.)
			say tool(Found: weather in rome is sunny.)
			update of tools {messages:[tool(Found: weather in rome is sunny.)]}
			end tools
			values {messages:[human#h ai({args:{query:weather in rome} id:call_search_1 name:search type:tool_call}) tool(Found: weather in rome is sunny.)]}
			checkpoint 3, next [call_model]
			begin call_model
			say ~ai(Found: )
			say ~ai(weather )
			say ~ai(in )
			say ~ai(rome )
			say ~ai(is )
			say ~ai(sunny.)
			update of call_model {messages:[ai(Found: weather in rome is sunny.)]}
			end call_model
			values {messages:[human#h ai({args:{query:weather in rome} id:call_search_1 name:search type:tool_call}) tool(Found: weather in rome is sunny.) ai(Found: weather in rome is sunny.)]}
			checkpoint 4, next []`},
		"ignore": {`null`, `
			metadata
			values {messages:[human#h ai({args:{query:weather in sf} id:call_search_1 name:search type:tool_call})]}
			checkpoint 1, next [human_approval]
			begin human_approval
			say tool(Tool execution was cancelled by the user.)
			update of human_approval {messages:[tool(Tool execution was cancelled by the user.)]}
			end human_approval
			values {messages:[human#h ai({args:{query:weather in sf} id:call_search_1 name:search type:tool_call}) tool(Tool execution was cancelled by the user.)]}
			checkpoint 2, next []`},
	} {
		t.Run("agent_hitl/"+decision, func(t *testing.T) {
			p := playSet(t, s, "more", "agent_hitl", "agent_hitl_"+decision)
			first := p.run(t, setHuman("h", `"weather in sf"`))
			first.want(asked)
			p.waits(t, first.interrupt(question), "human_approval")
			second := p.run(t, `"command": {"resume": [{"type": "`+decision+`", "args": `+d.args+`}]}`)
			second.want(d.want)
			if ran := strings.Contains(d.want, "on_tool_"); ran {
				second.toolSucceeded("call_search_1")
			} else {
				second.none("tools")
			}
			if state := p.state(t, ""); len(state["next"].([]any))+len(state["interrupts"].([]any)) > 0 {
				t.Errorf("it still waits: %v", state)
			}
		})
	}
	// The question is the child's, and the root's under the same id; the answer goes on inside of the child.
	t.Run("subgraph_hitl_agent", func(t *testing.T) {
		p := playSet(t, s, "more", "subgraph_hitl_agent", "subgraph_hitl_agent")
		first := p.run(t, `"input": {"foo": "x"}`)
		first.want(`
			metadata
			checkpoint -1, next [__start__]
			values {foo:x}
			checkpoint 0, next [node_1]
			begin node_1
			node_1/checkpoint -1, next [__start__]
			node_1/values {foo:x}
			node_1/checkpoint 0, next [subgraph_node_1]
			node_1/begin subgraph_node_1
			node_1/update of subgraph_node_1 {foo:Initial subgraph value.}
			node_1/end subgraph_node_1
			node_1/values {foo:Initial subgraph value.}
			node_1/checkpoint 1, next [subgraph_node_2]
			node_1/begin subgraph_node_2
			node_1/interrupt [{id:_ value:Provide value:}]
			node_1/values {__interrupt__:[{id:_ value:Provide value:}] foo:Initial subgraph value.}
			node_1/end subgraph_node_2 asks
			interrupt [{id:_ value:Provide value:}]
			values {__interrupt__:[{id:_ value:Provide value:}] foo:x}
			end node_1 asks`)
		p.waits(t, first.interrupt("Provide value:"), "node_1")
		child := "node_1:" + first.task("node_1")
		second := p.run(t, `"command": {"resume": " More."}`)
		second.want(`
			metadata
			values {foo:x}
			checkpoint 0, next [node_1]
			begin node_1
			node_1/values {foo:Initial subgraph value.}
			node_1/checkpoint 1, next [subgraph_node_2]
			node_1/begin subgraph_node_2
			node_1/update of subgraph_node_2 {foo:Initial subgraph value. More.}
			node_1/end subgraph_node_2
			node_1/values {foo:Initial subgraph value. More.}
			node_1/checkpoint 2, next []
			update of node_1 {foo:Initial subgraph value. More.}
			end node_1
			values {foo:Initial subgraph value. More.}
			checkpoint 1, next []`)
		for _, shown := range []setShown{first, second} {
			if got := shown.children(); len(got) != 1 || got[0] != child {
				t.Errorf("children %v, want %s", got, child)
			}
		}
	})
}
