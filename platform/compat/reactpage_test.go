package compat

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// reactModes are all that the recordings ask for.
const reactModes = `"stream_subgraphs": true, "stream_mode": ["values", "updates", "messages-tuple", "tools", "checkpoints", "custom"]`

// linesOf is what a run tells, a line for each thing, without ids.
func linesOf(t *testing.T, list []telling) []string {
	t.Helper()
	out := make([]string, len(list))
	for i, x := range list {
		data, _ := x.data.(map[string]any)
		switch x.method {
		case "checkpoints":
			data = map[string]any{"step": data["step"]}
		case "messages":
			data = map[string]any{"text": data["text"], "calls": len(data["calls"].([]any))}
		}
		raw, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = strings.TrimSpace(x.nodes() + " " + x.kind() + " " + ids.ReplaceAllString(string(raw), "ID"))
	}
	return out
}

// Graphs that no recording is of tell what the page of the graphs says.
func TestReactGraphsWithoutRecordings(t *testing.T) {
	t.Parallel()
	s := goldenServer(t, "react")
	run := func(graph string) []telling {
		t.Helper()
		return toldByV1(frames(s.must(http.StatusOK, "", http.MethodPost, "/runs/stream",
			`{"assistant_id": "`+graph+`", "input": {"messages": [{"role": "user", "content": "x", "id": "in-1"}]}, `+reactModes+`}`).Body))
	}
	const x = `{"content":"x","id":"in-1","type":"human"}`
	t.Run("slow_graph", func(t *testing.T) {
		t.Parallel()
		want := []string{
			`run {"status":"running"}`,
			`checkpoints {"step":0}`, `values {"messages":[` + x + `]}`,
			`messages/ai {"calls":0,"text":"Done."}`, `updates/agent {"messages":[{"content":"Done.","id":"ID","type":"ai"}]}`,
			`checkpoints {"step":1}`, `values {"messages":[` + x + `,{"content":"Done.","id":"ID","type":"ai"}]}`,
			`run {"status":"completed"}`,
		}
		if diff := cmp.Diff(want, linesOf(t, run("slow_graph"))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
	t.Run("parallel_fanout", func(t *testing.T) {
		t.Parallel()
		message := func(kind, text, more string) string {
			return fmt.Sprintf(`{"content":%q,"id":"ID",%s"type":%q}`, text, more, kind)
		}
		values := func(messages ...string) string { return `values {"messages":[` + strings.Join(messages, ",") + `]}` }
		update := func(node, message string) string { return `updates/` + node + ` {"messages":[` + message + `]}` }
		said := func(n int) string { return fmt.Sprintf("Worker worker-%03d covered topic %d.", n, n) }
		var calls, results, starts, ends, updates, messages []string
		want := [][]string{{}}
		for n := 1; n <= 6; n++ {
			task := fmt.Sprintf("Worker worker-%03d covering topic %d", n, n)
			args := fmt.Sprintf(`{"description":%q,"subagent_type":"worker"}`, task)
			id := fmt.Sprintf("task-worker-%03d", n)
			result := message("tool", said(n), `"name":"task","status":"success","tool_call_id":"`+id+`",`)
			calls = append(calls, fmt.Sprintf(`{"args":%s,"id":%q,"name":"task","type":"tool_call"}`, args, id))
			results = append(results, result)
			starts = append(starts, fmt.Sprintf(`tools/tool-started {"event":"tool-started","input":%q,"tool_call_id":%q,"tool_name":"task"}`, args, id))
			ends = append(ends, fmt.Sprintf(`tools/tool-finished {"event":"tool-finished","output":%s,"tool_call_id":%q}`, result, id))
			updates = append(updates, update("tools", result))
			messages = append(messages, fmt.Sprintf(`messages/tool {"calls":0,"text":%q}`, said(n)))
			asked, answer := message("human", task, ""), message("ai", said(n), `"name":"worker",`)
			of := func(line string) string { return "tools " + line }
			want = append(want, []string{
				of(`checkpoints {"step":0}`), of(values(asked)),
				of(fmt.Sprintf(`messages/ai {"calls":0,"text":%q}`, said(n))), of(update("model_request", answer)),
				of(`checkpoints {"step":1}`), of(values(asked, answer)),
			})
		}
		first := `{"content":"","id":"fanout-orchestrator-tool-call","name":"model","tool_calls":[` + strings.Join(calls, ",") + `],"type":"ai"}`
		last := `{"content":"All workers completed.","id":"fanout-orchestrator-final","name":"model","type":"ai"}`
		so := append([]string{x, first}, results...)
		want[0] = slices.Concat(
			[]string{
				`run {"status":"running"}`, `checkpoints {"step":0}`, values(x),
				`messages/ai {"calls":6,"text":""}`, update("model_request", first), `checkpoints {"step":1}`, values(x, first),
			},
			messages, ends, starts, updates, // those of a step by their kinds
			[]string{
				`checkpoints {"step":2}`, values(so...),
				`messages/ai {"calls":0,"text":"All workers completed."}`, update("model_request", last), `checkpoints {"step":3}`,
				values(append(so, last)...), `run {"status":"completed"}`,
			})
		var got [][]string
		for _, tale := range bySpace(run("parallel_fanout")) {
			for _, x := range tale[1:] {
				if tale[0].space != "" && x.within != "2" {
					t.Errorf("a worker tells within step %s: %v", x.within, x)
				}
			}
			got = append(got, linesOf(t, tale))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// What the page says of threads that go on, and of answers that the recordings do not have.
func TestReactGraphsGoOn(t *testing.T) {
	t.Parallel()
	const user = `"input": {"messages": [{"role": "user", "content": "go"}]}`
	for name, tt := range map[string]struct {
		graph string
		runs  []string
		want  string
	}{
		"a decision holds": {
			"interrupt_once_graph",
			[]string{`"input": {"request": "r"}`, `"command": {"resume": 7}`, `"input": {"request": "s"}`, `"input": {"request": "t"}`},
			`{"completedTurns":3,"decision":{"value":7},"request":"t"}`,
		},
		"a card is refused": {
			"interrupt_card_graph",
			[]string{user, `"command": {"resume": {"approved": false}}`},
			`{"messages":["human: go","ai: ","tool: Rejected \"delete_db\".","ai: Done."]}`,
		},
		"a card is approved, with an update": {
			"interrupt_card_graph",
			[]string{user, `"command": {"resume": {"approved": true}, "update": {"messages": [{"role": "user", "content": "and I say so", "id": "in-2"}]}}`},
			`{"messages":["human: go","ai: ","human: and I say so","tool: Executed \"delete_db\".","ai: Done."]}`,
		},
		"an agent is asked again": {
			"create_agent",
			[]string{user, user},
			`{"messages":["human: go","ai: ","tool: {\"city\":\"San Francisco\",\"temp_f\":64,\"condition\":\"Foggy\"}","ai: It's 64F and foggy in San Francisco.",` +
				`"human: go","ai: ","tool: {\"city\":\"San Francisco\",\"temp_f\":64,\"condition\":\"Foggy\"}","ai: It's 64F and foggy in San Francisco."]}`,
		},
		"a text is told again": {
			"stategraph_text",
			[]string{user, user},
			`{"messages":["human: go","ai: Plan accepted.","human: go","ai: Plan accepted."]}`,
		},
		"nobody is asked for anything": {
			"multi_interrupt_graph",
			[]string{`"input": {"prompts": []}`},
			`{"completed":false,"decisions":{},"prompts":[]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := goldenServer(t, "react")
			thread := "/threads/" + s.must(http.StatusOK, "", http.MethodPost, "/threads", "{}").field(t, "thread_id")
			var values map[string]any
			for _, run := range tt.runs {
				values = nil
				s.must(http.StatusOK, "", http.MethodPost, thread+"/runs/wait", `{"assistant_id": "`+tt.graph+`", `+run+`}`).into(t, &values)
			}
			if list, ok := values["messages"].([]any); ok {
				for i, m := range list {
					message := m.(map[string]any)
					list[i] = fmt.Sprint(message["type"], ": ", message["content"])
				}
			}
			got, err := json.Marshal(values)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tt.want {
				t.Errorf("the thread has\n%s, want\n%s", got, tt.want)
			}
		})
	}
}
