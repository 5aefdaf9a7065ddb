package compat

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSetsWithTheOfficialClient: the sets as their clients see them, from built servers.
func TestSetsWithTheOfficialClient(t *testing.T) {
	t.Parallel()
	for set, want := range map[string]string{"python": pythonDigest, "more": moreDigest} {
		t.Run(set, func(t *testing.T) {
			t.Parallel()
			c := clientsOf("set" + set)[0]
			path := binary(t, "graphs/"+set+"/platform.json")
			databases(t, func(t *testing.T, uri string) {
				got := c.run(t, start(t, path, "DATABASE_URI="+uri).URL)
				if diff := cmp.Diff(strings.Split(strings.TrimSpace(want), "\n"), strings.Split(strings.TrimSpace(got), "\n")); diff != "" {
					t.Errorf("told (-want +got):\n%s", diff)
				}
			})
		})
	}
}

const pythonDigest = `
agent progress stream_message.start stream_message.end call_tool.start call_tool.end ask_human.start
agent tokens ['Hello, ', 'world!']
agent children [] tools []
agent waits ['ask_human'] Are we good? True None
agent thread interrupted True ['h', 'ai-msg-1', 'ai-msg-2', "result for 'v3'"]
agent ends ['h', 'ai-msg-1', 'ai-msg-2', "result for 'v3'", 'ai-msg-3', 'sub-msg-1'] ['streamed', 'tool', 'asked', 'sub'] x
agent late ['metadata', 'values', 'values', 'values']
agent rests [] [] [] idle {}
agent history [(4, 'loop', []), (3, 'loop', ['run_subgraph']), (2, 'loop', ['ask_human']), (1, 'loop', ['call_tool']), (0, 'loop', ['stream_message']), (-1, 'input', ['__start__'])]
agent line True
tools_agent on_tool_start tc-1 {"query":"v3"}
tools_agent on_tool_end tc-1 success
tools_agent ends ['h', 'ai-tools-call', "result for 'v3'", 'done.']
deep_agent children True
deep_agent heard ['res-1']
deep_agent child history [(1, []), (0, ['agent']), (-1, ['__start__'])] ['Look into it.', 'res-1']
deep_agent ends ['h', 'sup-1', 'I looked into it.', 'sup-2']
factory_agent {'text': 'hi echoed', 'access_context': 'threads.create_run', 'is_for_execution': True}
`

const moreDigest = `
agent ['weather in sf', [('search', {'query': 'weather in sf'})], 'Found: weather in sf is sunny.', 'Found: weather in sf is sunny.']
agent ['hello', 'You said: hello']
agent_hitl asks ['human_approval'] True tool_execution {'search': {'query': 'weather in sf'}}
agent_hitl accept ['weather in sf', [('search', {'query': 'weather in sf'})], 'Found: weather in sf is sunny.', 'Found: weather in sf is sunny.'] [('on_tool_start', None), ('on_tool_end', 'success')] [] []
agent_hitl history [4, 3, 2, 1, 0, -1] 1 ['human_approval']
agent_hitl asks ['human_approval'] True tool_execution {'search': {'query': 'weather in sf'}}
agent_hitl response ['weather in sf', [('search', {'query': 'weather in sf'})], 'Tool execution was cancelled by the user.', 'never mind', 'You said: never mind'] [] [] []
agent_hitl history [3, 2, 1, 0, -1] 1 ['human_approval']
agent_hitl asks ['human_approval'] True tool_execution {'search': {'query': 'weather in sf'}}
agent_hitl edit ['weather in sf', [('search', {'query': 'weather in rome'})], 'Found: weather in rome is sunny.', 'Found: weather in rome is sunny.'] [('on_tool_start', None), ('on_tool_end', 'success')] [] []
agent_hitl history [4, 3, 2, 1, 0, -1] 1 ['human_approval']
agent_hitl asks ['human_approval'] True tool_execution {'search': {'query': 'weather in sf'}}
agent_hitl ignore ['weather in sf', [('search', {'query': 'weather in sf'})], 'Tool execution was cancelled by the user.'] [] [] []
agent_hitl history [2, 1, 0, -1] 1 ['human_approval']
subgraph_agent silent [('ai', 'You said: weather in sf')]
subgraph_agent tokens 10
subgraph_agent ends ['weather in sf', 'You said: weather in sf', [('search', {'query': 'You said: weather in sf'})], 'Found: You said: weather in sf is sunny.', 'Found: You said: weather in sf is sunny.']
subgraph_hitl_agent asks Provide value: ['node_1'] {'foo': 'x'} ['subgraph_node_2'] {'foo': 'Initial subgraph value.'}
subgraph_hitl_agent same [True, True, True] True
subgraph_hitl_agent ends {'foo': 'Initial subgraph value. More.'}
subgraph_hitl_agent history [(1, [], 'Initial subgraph value. More.'), (0, ['node_1'], 'x'), (-1, ['__start__'], None)]
subgraph_hitl_agent history [(2, [], 'Initial subgraph value. More.'), (1, ['subgraph_node_2'], 'Initial subgraph value.'), (0, ['subgraph_node_1'], 'x'), (-1, ['__start__'], None)]
factory {'scripted'} You said: weather in sf
factory {'big'} Be brief. Found: weather in sf is sunny.
factory {'scripted'} Found: weather in sf is sunny.
stress_test {'echo': '{"delay": 0.01, "steps": 3}', 'steps_completed': 3, 'total_delay_seconds': 0.03, 'status': 'completed'} 3
stress_test fails {'error': 'Error', 'message': 'Intentional failure'} error ['process']
stress_test again 1 idle
stress_tool_agent [('worked', 'success'), ('worked', 'success')] completed
stress_tool_agent [('Error: Intentional failure', 'error')] failed
`
