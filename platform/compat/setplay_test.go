package compat

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/platform/store/storetest"
)

var update = flag.Bool("update", false, "write the golden files of the graph sets anew")

// setPlay is a thread of a graph in one of the sets, and everything that its runs have shown.
type setPlay struct {
	*server
	graph, thread string
	written       *strings.Builder
	ids           setSymbols
}

// playSet begins a thread. What was shown by the end of the test has to be what testdata/sets/<set>/<name>.txt says.
func playSet(t *testing.T, s *server, set, graph, name string) *setPlay {
	t.Helper()
	s = &server{URL: s.URL, t: t, made: s.made}
	p := &setPlay{server: s, graph: graph, written: &strings.Builder{}, ids: setSymbols{names: map[string]string{}, counts: map[string]int{}}}
	p.thread = s.must(200, "", "POST", "/threads", "").field(t, "thread_id")
	p.ids.names[p.thread] = "THREAD"
	t.Cleanup(func() {
		if !t.Failed() || *update {
			compareFile(t, filepath.Join("testdata", "sets", set, name+".txt"), p.written.String())
		}
	})
	return p
}

// setServer serves a whole set, without hooks.
func setServer(t *testing.T, set string) *server {
	return serve(t, graphSet(t, set), storetest.SQLite(t).URI)
}

func compareFile(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(got), 0o600)); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew, to be read before it is kept):\n%s", path, diff)
	}
}

// setShown is the events of a run.
type setShown struct {
	frames []frame
	t      *testing.T
}

// run makes a run of JSON members, such as an input, in all modes that have events of graphs.
func (p *setPlay) run(t *testing.T, members string) setShown {
	t.Helper()
	body := fmt.Sprintf(`{"assistant_id": %q, "stream_subgraphs": true, %s, "stream_mode": `+
		`["values", "updates", "custom", "tools", "checkpoints", "tasks", "messages-tuple"]}`, p.graph, members)
	a := p.must(200, "", "POST", "/threads/"+p.thread+"/runs/stream", body)
	shown := setShown{frames(a.Body), t}
	fmt.Fprintf(p.written, "> %s %s\n", p.graph, p.ids.replace(members))
	for _, f := range shown.frames {
		event := p.ids.replace(f.Event)
		fmt.Fprintf(p.written, "%s\n\t%s\n", event, strings.Join(p.ids.render(f.Data), "\n\t"))
	}
	fmt.Fprintln(p.written)
	return shown
}

// state reads the thread's state.
func (p *setPlay) state(t *testing.T, query string) map[string]any {
	t.Helper()
	return object(t, p.must(200, "", "GET", "/threads/"+p.thread+"/state"+query, ""))
}

// setSymbols put names in the place of ids, in the order in which they are seen first; what they call depends on their form.
type setSymbols struct {
	names  map[string]string
	counts map[string]int
	shared map[string]string // names of values that come again, by their text
}

var (
	setID   = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}|\b[0-9a-f]{32}\b`)
	setTime = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)`)
)

func (s *setSymbols) replace(text string) string {
	text = setTime.ReplaceAllString(text, "<time>")
	return setID.ReplaceAllStringFunc(text, func(id string) string {
		if s.names[id] == "" {
			kind := "ID"
			switch {
			case len(id) == 32:
				kind = "INTERRUPT"
			case id[14] == '5':
				kind = "TASK"
			case id[14] == '6':
				kind = "CHECKPOINT"
			}
			s.counts[kind]++
			s.names[id] = kind + strconv.Itoa(s.counts[kind])
		}
		return s.names[id]
	})
}

// render writes a value. Long objects are written once, each on a line of its own before the value, and have a name from then on.
func (s *setSymbols) render(v any) []string {
	const long = 72
	var before []string
	var text func(v any) string
	text = func(v any) string {
		switch v := v.(type) {
		case map[string]any:
			keys := make([]string, 0, len(v))
			for key := range v {
				keys = append(keys, key)
			}
			slices.Sort(keys)
			for i, key := range keys {
				value := text(v[key])
				if key == "langgraph_version" {
					value = "<version>"
				}
				keys[i] = s.replace(key) + ": " + value
			}
			whole := "{" + strings.Join(keys, ", ") + "}"
			if len(whole) < long {
				return whole
			}
			if s.shared == nil {
				s.shared = map[string]string{}
			}
			if s.shared[whole] == "" {
				s.shared[whole] = "$" + strconv.Itoa(len(s.shared)+1)
				before = append(before, s.shared[whole]+" = "+whole)
			}
			return s.shared[whole]
		case []any:
			items := make([]string, len(v))
			for i, item := range v {
				items[i] = text(item)
			}
			return "[" + strings.Join(items, ", ") + "]"
		case string:
			raw, _ := json.Marshal(s.replace(v)) // a string
			return string(raw)
		}
		raw, _ := json.Marshal(v) // was JSON
		return string(raw)
	}
	last := text(v)
	return append(before, last)
}

// moments says each event in a few words, with the nodes of its namespace, so that a test can tell what is to be seen.
func (s setShown) moments() []string {
	s.t.Helper()
	out := make([]string, len(s.frames))
	for i, f := range s.frames {
		event, ns, _ := strings.Cut(f.Event, "|")
		where := ""
		for part := range strings.SplitSeq(ns, "|") {
			if node, _, ok := strings.Cut(part, ":"); ok {
				where += node + "/"
			}
		}
		out[i] = where + moment(event, f.Data)
	}
	return out
}

func moment(event string, data any) string {
	switch event {
	case "values":
		return "values " + knownID.ReplaceAllString(inWords(data), "$1")
	case "updates":
		for node, update := range data.(map[string]any) {
			if node == "__interrupt__" {
				return "interrupt " + inWords(update)
			}
			return "update of " + node + " " + inWords(update)
		}
	case "tasks":
		task := data.(map[string]any)
		if _, ended := task["result"]; !ended {
			return "begin " + task["name"].(string)
		}
		return "end " + task["name"].(string) + ending(task)
	case "checkpoints":
		cp := data.(map[string]any)
		step := cp["metadata"].(map[string]any)["step"]
		return fmt.Sprintf("checkpoint %v, next %v", step, cp["next"])
	case "messages":
		pair := data.([]any)
		return "say " + inWords(pair[0])
	case "tools":
		tool := data.(map[string]any)
		for _, key := range []string{"input", "output", "error"} {
			if about, ok := tool[key]; ok {
				return fmt.Sprintf("%s %s %s %s", tool["event"], tool["toolCallId"], tool["name"], inWords(about))
			}
		}
	case "metadata":
		return "metadata"
	}
	return event + " " + inWords(data)
}

func ending(task map[string]any) string {
	if task["error"] != nil {
		return " failed"
	}
	if list := task["interrupts"].([]any); len(list) > 0 {
		return " asks"
	}
	return ""
}

// knownID is a message that its id is enough for, where it is not news.
var knownID = regexp.MustCompile(`(\w#[-\w]+)\((?:[^()]|\([^()]*\))*\)`)

// inWords is JSON without what the golden files are for: of a message, its id if it has one of its own, its text and its calls.
func inWords(v any) string {
	switch v := v.(type) {
	case map[string]any:
		if kind, ok := v["type"].(string); ok && v["content"] != nil {
			return messageInWords(kind, v)
		}
		keys := make([]string, 0, len(v))
		for key := range v {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for i, key := range keys {
			keys[i] = key + ":" + inWords(v[key])
		}
		return "{" + strings.Join(keys, " ") + "}"
	case []any:
		items := make([]string, len(v))
		for i, item := range v {
			items[i] = inWords(item)
		}
		return "[" + strings.Join(items, " ") + "]"
	case string:
		return setID.ReplaceAllString(v, "_")
	}
	return fmt.Sprint(v)
}

func messageInWords(kind string, m map[string]any) string {
	kind = strings.TrimSuffix(strings.ToLower(kind), "messagechunk") // tokens
	if id, ok := m["id"].(string); ok && !setID.MatchString(id) {
		kind += "#" + id
	}
	text := fmt.Sprint(m["content"])
	if calls, _ := m["tool_calls"].([]any); m["tool_call_chunks"] == nil {
		for _, call := range calls {
			text += inWords(call)
		}
	}
	pieces, _ := m["tool_call_chunks"].([]any)
	for _, piece := range pieces {
		p := piece.(map[string]any)
		text += fmt.Sprintf("+%v %v%v", p["id"], p["name"], p["args"])
	}
	if m["type"] == "AIMessageChunk" {
		kind = "~" + kind
	}
	return kind + "(" + text + ")"
}

// want compares the moments with what they have to be, line by line.
func (s setShown) want(lines string) {
	s.t.Helper()
	want := strings.Split(strings.ReplaceAll(strings.TrimSpace(lines), "\t", ""), "\n")
	if diff := cmp.Diff(want, s.moments()); diff != "" {
		s.t.Errorf("shown (-want +got):\n%s", diff)
	}
}

// last is the data of the last root event of a kind.
func (s setShown) last(event string) map[string]any {
	s.t.Helper()
	for _, f := range slices.Backward(s.frames) {
		if f.Event == event {
			return f.Data.(map[string]any)
		}
	}
	s.t.Fatalf("no %s", event)
	return nil
}

// of are the events whose name begins so, namespace and all.
func (s setShown) of(prefix string) []frame {
	return slices.DeleteFunc(slices.Clone(s.frames), func(f frame) bool { return !strings.HasPrefix(f.Event, prefix) })
}

// none wants no event of these names, by their beginnings and by what is in them.
func (s setShown) none(prefix string, within ...string) {
	s.t.Helper()
	for _, f := range s.of(prefix) {
		if len(within) == 0 || strings.Contains(f.Event, within[0]) {
			s.t.Errorf("shown: %s %v", f.Event, f.Data)
		}
	}
}

// interrupt is the id of the run's only question, which has to be the same wherever the question is told: in updates, in values and
// with the task, in the namespace that asks and in all of those around it.
func (s setShown) interrupt(value string) string {
	s.t.Helper()
	id, times := "", 0
	see := func(list any) {
		questions, _ := list.([]any)
		for _, q := range questions {
			q := q.(map[string]any)
			if len(q) != 2 || inWords(q["value"]) != value || id != "" && q["id"] != id {
				s.t.Errorf("question %v, want %s of %s", q, value, id)
			}
			id, times = q["id"].(string), times+1
		}
	}
	namespaces := map[string]bool{}
	for _, f := range s.frames {
		event, ns, _ := strings.Cut(f.Event, "|")
		if event == "metadata" || event == "messages" {
			continue
		}
		namespaces[ns] = true
		data := f.Data.(map[string]any)
		see(data["__interrupt__"])
		if event == "tasks" {
			see(data["interrupts"])
		}
	}
	if want := 3 * len(namespaces); times != want || !setID.MatchString(id) || len(id) != 32 {
		s.t.Errorf("the question %q was told %d times, want %d", id, times, want)
	}
	return id
}

// waits wants the thread to wait for an answer to a question, in a task of a node.
func (p *setPlay) waits(t *testing.T, interrupt, node string) {
	t.Helper()
	state := p.state(t, "?subgraphs=true")
	next, questions := state["next"].([]any), state["interrupts"].([]any)
	if len(next) != 1 || next[0] != node || len(questions) != 1 || questions[0].(map[string]any)["id"] != interrupt {
		t.Errorf("it waits for %v in %v", questions, next)
	}
	task := state["tasks"].([]any)[0].(map[string]any)
	row := object(t, p.must(200, "", "GET", "/threads/"+p.thread, ""))
	if row["status"] != "interrupted" || inWords(row["interrupts"]) == "{}" {
		t.Errorf("the thread is %v, with %v", row["status"], row["interrupts"])
	}
	if inner, ok := task["state"].(map[string]any); ok {
		tasks := inner["tasks"].([]any)
		if asks := tasks[0].(map[string]any)["interrupts"].([]any); asks[0].(map[string]any)["id"] != interrupt {
			t.Errorf("the child asks %v", asks)
		}
	}
}

// toolSucceeded wants these calls to begin and to end with a message of status success, and none else.
func (s setShown) toolSucceeded(calls ...string) {
	s.t.Helper()
	var want, got []string
	for _, call := range calls {
		want = append(want, "on_tool_start "+call, "on_tool_end "+call+" success "+call)
	}
	for _, f := range s.of("tools") {
		tool := f.Data.(map[string]any)
		line := fmt.Sprintf("%v %v", tool["event"], tool["toolCallId"])
		if output, ok := tool["output"].(map[string]any); ok {
			line += fmt.Sprintf(" %v %v", output["status"], output["tool_call_id"])
		}
		got = append(got, line)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("tools (-want +got):\n%s", diff)
	}
}

// children are the namespaces in which something was told, each once; task is the id of the last task of a root node.
func (s setShown) children() []string {
	var out []string
	for _, f := range s.frames {
		if _, ns, ok := strings.Cut(f.Event, "|"); ok && !slices.Contains(out, ns) {
			out = append(out, ns)
		}
	}
	return out
}

func (s setShown) task(node string) string {
	s.t.Helper()
	for _, f := range slices.Backward(s.of("tasks")) {
		if task := f.Data.(map[string]any); f.Event == "tasks" && task["name"] == node {
			return task["id"].(string)
		}
	}
	s.t.Fatalf("no task %s", node)
	return ""
}
