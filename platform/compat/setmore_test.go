package compat

import (
	"strings"
	"testing"
)

// setHuman is the input of a message, whose content is JSON.
func setHuman(id, content string) string {
	return `"input": {"messages": [{"type": "human", "id": "` + id + `", "content": ` + content + `}]}`
}

// TestSetMore plays the graphs of the set more, as TestSetPython does.
func TestSetMore(t *testing.T) {
	t.Parallel()
	s := setServer(t, "more")
	t.Run("agent", func(t *testing.T) {
		p := playSet(t, s, "more", "agent", "agent")
		shown := p.run(t, setHuman("h", `"weather in sf"`))
		shown.want(`
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
			checkpoint 1, next [tools]
			begin tools
			on_tool_start call_search_1 search {"query":"weather in sf"}
			on_tool_end call_search_1 search tool(Found: weather in sf is sunny.)
			say tool(Found: weather in sf is sunny.)
			update of tools {messages:[tool(Found: weather in sf is sunny.)]}
			end tools
			values {messages:[human#h ai({args:{query:weather in sf} id:call_search_1 name:search type:tool_call}) tool(Found: weather in sf is sunny.)]}
			checkpoint 2, next [call_model]
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
			checkpoint 3, next []`)
		shown.toolSucceeded("call_search_1")
	})
	t.Run("agent without a tool", func(t *testing.T) {
		p := playSet(t, s, "more", "agent", "agent_plain")
		p.run(t, setHuman("h", `"hello"`)).want(`
			metadata
			checkpoint -1, next [__start__]
			values {messages:[human#h]}
			checkpoint 0, next [call_model]
			begin call_model
			say ~ai(You )
			say ~ai(said: )
			say ~ai(hello)
			update of call_model {messages:[ai(You said: hello)]}
			end call_model
			values {messages:[human#h ai(You said: hello)]}
			checkpoint 1, next []`)
	})
	// The tokens of no_stream are not told, its message is: once, whole, when the node returns it.
	t.Run("subgraph_agent", func(t *testing.T) {
		p := playSet(t, s, "more", "subgraph_agent", "subgraph_agent")
		shown := p.run(t, setHuman("h", `"weather in sf"`))
		shown.want(`
			metadata
			checkpoint -1, next [__start__]
			values {messages:[human#h]}
			checkpoint 0, next [no_stream]
			begin no_stream
			say ai(You said: weather in sf)
			update of no_stream {messages:[ai(You said: weather in sf)]}
			end no_stream
			values {messages:[human#h ai(You said: weather in sf)]}
			checkpoint 1, next [subgraph_agent]
			begin subgraph_agent
			subgraph_agent/checkpoint -1, next [__start__]
			subgraph_agent/values {messages:[human#h ai(You said: weather in sf)]}
			subgraph_agent/checkpoint 0, next [call_model]
			subgraph_agent/begin call_model
			subgraph_agent/say ~ai(+call_search_1 search)
			subgraph_agent/say ~ai(+<nil> <nil>{"query":"You said: weather in sf"})
			subgraph_agent/update of call_model {messages:[ai({args:{query:You said: weather in sf} id:call_search_1 name:search type:tool_call})]}
			subgraph_agent/end call_model
			subgraph_agent/values {messages:[human#h ai(You said: weather in sf) ai({args:{query:You said: weather in sf} id:call_search_1 name:search type:tool_call})]}
			subgraph_agent/checkpoint 1, next [tools]
			subgraph_agent/begin tools
			subgraph_agent/on_tool_start call_search_1 search {"query":"You said: weather in sf"}
			subgraph_agent/on_tool_end call_search_1 search tool(Found: You said: weather in sf is sunny.)
			subgraph_agent/say tool(Found: You said: weather in sf is sunny.)
			subgraph_agent/update of tools {messages:[tool(Found: You said: weather in sf is sunny.)]}
			subgraph_agent/end tools
			subgraph_agent/values {messages:[human#h ai(You said: weather in sf) ai({args:{query:You said: weather in sf} id:call_search_1 name:search type:tool_call}) tool(Found: You said: weather in sf is sunny.)]}
			subgraph_agent/checkpoint 2, next [call_model]
			subgraph_agent/begin call_model
			subgraph_agent/say ~ai(Found: )
			subgraph_agent/say ~ai(You )
			subgraph_agent/say ~ai(said: )
			subgraph_agent/say ~ai(weather )
			subgraph_agent/say ~ai(in )
			subgraph_agent/say ~ai(sf )
			subgraph_agent/say ~ai(is )
			subgraph_agent/say ~ai(sunny.)
			subgraph_agent/update of call_model {messages:[ai(Found: You said: weather in sf is sunny.)]}
			subgraph_agent/end call_model
			subgraph_agent/values {messages:[human#h ai(You said: weather in sf) ai({args:{query:You said: weather in sf} id:call_search_1 name:search type:tool_call}) tool(Found: You said: weather in sf is sunny.) ai(Found: You said: weather in sf is sunny.)]}
			subgraph_agent/checkpoint 3, next []
			update of subgraph_agent {messages:[human#h(weather in sf) ai(You said: weather in sf) ai({args:{query:You said: weather in sf} id:call_search_1 name:search type:tool_call}) tool(Found: You said: weather in sf is sunny.) ai(Found: You said: weather in sf is sunny.)]}
			end subgraph_agent
			values {messages:[human#h ai(You said: weather in sf) ai({args:{query:You said: weather in sf} id:call_search_1 name:search type:tool_call}) tool(Found: You said: weather in sf is sunny.) ai(Found: You said: weather in sf is sunny.)]}
			checkpoint 2, next []`)
		for _, f := range shown.of("messages") {
			pair := f.Data.([]any)
			message, about := pair[0].(map[string]any), pair[1].(map[string]any)
			if about["langgraph_node"] == "no_stream" && message["type"] != "ai" {
				t.Errorf("a token of a model that nobody hears: %v", message)
			}
		}
	})
	// The context changes the graph: without search there are no tools, the prompt comes first, and the model has its name.
	t.Run("factory", func(t *testing.T) {
		for name, c := range map[string]struct{ context, want string }{
			"plain":     {`{"enable_search": false}`, "You said: weather in sf"},
			"prompted":  {`{"model": "big", "system_prompt": "Be brief.", "enable_search": false}`, "Be brief. You said: weather in sf"},
			"searching": {`{"system_prompt": "Be brief.", "enable_search": true}`, "Be brief. Found: weather in sf is sunny."},
			"default":   {`{}`, "Found: weather in sf is sunny."},
		} {
			p := playSet(t, s, "more", "factory", "factory_"+name)
			shown := p.run(t, setHuman("h", `"weather in sf"`)+`, "context": `+c.context)
			said := shown.last("values")["messages"].([]any)
			if got := inWords(said[len(said)-1]); got != "ai("+c.want+")" {
				t.Errorf("%s: said %s, want %s", name, got, c.want)
			}
			about := shown.of("messages")[0].Data.([]any)[1].(map[string]any)
			if want := map[bool]string{true: "big", false: "scripted"}[name == "prompted"]; about["ls_model_name"] != want {
				t.Errorf("%s: by %v, want %s", name, about["ls_model_name"], want)
			}
			if searches := strings.Contains(c.want, "Found"); searches {
				shown.toolSucceeded("call_search_1")
			} else {
				shown.none("tools")
			}
		}
	})
	t.Run("stress_test", func(t *testing.T) {
		p := playSet(t, s, "more", "stress_test", "stress_test")
		p.run(t, setHuman("h", `"{\"delay\": 0.01}"`)).want(`
			metadata
			checkpoint -1, next [__start__]
			values {messages:[human#h]}
			checkpoint 0, next [process]
			begin process
			update of process {steps_completed:1}
			end process
			values {messages:[human#h] steps_completed:1}
			checkpoint 1, next [process]
			begin process
			update of process {steps_completed:2}
			end process
			values {messages:[human#h] steps_completed:2}
			checkpoint 2, next [respond]
			begin respond
			say ai({"echo":"{\"delay\": 0.01}","steps_completed":2,"total_delay_seconds":0.02,"status":"completed"})
			update of respond {messages:[ai({"echo":"{\"delay\": 0.01}","steps_completed":2,"total_delay_seconds":0.02,"status":"completed"})]}
			end respond
			values {messages:[human#h ai({"echo":"{\"delay\": 0.01}","steps_completed":2,"total_delay_seconds":0.02,"status":"completed"})] steps_completed:2}
			checkpoint 3, next []`)
		// It counts anew for each message, and a failure is told of the task and of the run.
		p.run(t, setHuman("f", `"{\"fail\": true}"`)).want(`
			metadata
			checkpoint 4, next [__start__]
			values {messages:[human#h ai({"echo":"{\"delay\": 0.01}","steps_completed":2,"total_delay_seconds":0.02,"status":"completed"}) human#f] steps_completed:2}
			checkpoint 5, next [process]
			begin process
			end process failed
			error {error:Error message:Intentional failure}`)
		if row := object(t, p.must(200, "", "GET", "/threads/"+p.thread, "")); row["status"] != "error" {
			t.Errorf("the thread is %v", row["status"])
		}
	})
	t.Run("stress_test without settings", func(t *testing.T) {
		p := playSet(t, s, "more", "stress_test", "stress_test_default")
		said := p.run(t, setHuman("h", `"hello"`)).last("values")["messages"].([]any)
		if got := inWords(said[1]); got != `ai({"echo":"hello","steps_completed":2,"total_delay_seconds":1,"status":"completed"})` {
			t.Errorf("said %s", got)
		}
	})
	// A tool that fails is told to the model, by an event of the tool and by its message.
	t.Run("stress_tool_agent", func(t *testing.T) {
		p := playSet(t, s, "more", "stress_tool_agent", "stress_tool_agent")
		p.run(t, setHuman("h", `"{\"delay\": 0.01}"`)).toolSucceeded("call_work_1_1", "call_work_1_2")
	})
	t.Run("stress_tool_agent that fails", func(t *testing.T) {
		p := playSet(t, s, "more", "stress_tool_agent", "stress_tool_agent_fail")
		p.run(t, setHuman("f", `"{\"fail\": true}"`)).want(`
			metadata
			checkpoint -1, next [__start__]
			values {messages:[human#f]}
			checkpoint 0, next [call_model]
			begin call_model
			say ~ai(+call_work_1_1 work)
			say ~ai(+<nil> <nil>{"delay":0.5,"steps":2,"fail":true})
			update of call_model {messages:[ai({args:{delay:0.5 fail:true steps:2} id:call_work_1_1 name:work type:tool_call})]}
			end call_model
			values {messages:[human#f ai({args:{delay:0.5 fail:true steps:2} id:call_work_1_1 name:work type:tool_call})]}
			checkpoint 1, next [tools]
			begin tools
			on_tool_start call_work_1_1 work {"delay":0.5,"steps":2,"fail":true}
			on_tool_error call_work_1_1 work Error: Intentional failure
			say tool(Error: Intentional failure)
			update of tools {messages:[tool(Error: Intentional failure)]}
			end tools
			values {messages:[human#f ai({args:{delay:0.5 fail:true steps:2} id:call_work_1_1 name:work type:tool_call}) tool(Error: Intentional failure)]}
			checkpoint 2, next [call_model]
			begin call_model
			say ~ai({"echo":"{\"fail\": true}","steps_completed":0,"total_delay_seconds":0,"status":"failed"})
			update of call_model {messages:[ai({"echo":"{\"fail\": true}","steps_completed":0,"total_delay_seconds":0,"status":"failed"})]}
			end call_model
			values {messages:[human#f ai({args:{delay:0.5 fail:true steps:2} id:call_work_1_1 name:work type:tool_call}) tool(Error: Intentional failure) ai({"echo":"{\"fail\": true}","steps_completed":0,"total_delay_seconds":0,"status":"failed"})]}
			checkpoint 3, next []`)
	})
}
