package compat

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/platform"
	"github.com/locutory/locutory/platform/compat/graphs/core/weather"
)

func TestA2AListsTasks(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, agentParts(), uri)
		p := peer{dialects()[0], t, s, alice}
		var ids []string
		for _, word := range []string{"one", "two", "ask", "fail"} {
			ids = append(ids, p.sent(p.saying("", p.text(word))).text(t, "id"))
		}
		other := peer{p.dialect, t, s, bob}
		other.sent(p.saying("", p.text("one")))
		p.call("SendMessage", p.saying(fmt.Sprintf(`"taskId": %q,`, ids[2]), p.text("Rome")))
		list := func(params string) (got []string, next, total string) {
			r := p.call("ListTasks", params)
			for i := range 100 {
				id := r.text(t, "tasks", fmt.Sprint(i), "id")
				if id == "" {
					break
				}
				got = append(got, id)
			}
			return got, r.text(t, "nextPageToken"), r.text(t, "totalSize")
		}
		want := []string{ids[2], ids[3], ids[1], ids[0]} // updated last comes first
		if got, next, total := list(""); !cmp.Equal(got, want) || next != "" || total != "4" {
			t.Errorf("all: %q, next %q, total %s; want %q", got, next, total, want)
		}
		var paged []string
		next := ""
		for range 4 {
			got, after, total := list(fmt.Sprintf(`"pageSize": 1, "pageToken": %q`, next))
			if total != "4" || len(got) != 1 {
				t.Fatalf("a page: %q, total %s", got, total)
			}
			paged, next = append(paged, got...), after
		}
		if !cmp.Equal(paged, want) || next != "" {
			t.Errorf("by pages: %q, next %q", paged, next)
		}
		if got, _, total := list(`"status": "TASK_STATE_FAILED"`); !cmp.Equal(got, ids[3:]) || total != "1" {
			t.Errorf("failed: %q of %s", got, total)
		}
		asked := p.sent(p.saying("", p.text("ask"))).text(t, "id")
		if got, _, _ := list(`"status": "TASK_STATE_INPUT_REQUIRED"`); !cmp.Equal(got, []string{asked}) {
			t.Errorf("asking: %q", got)
		}
		if got, _, _ := list(`"status": "TASK_STATE_COMPLETED", "pageSize": 100`); !cmp.Equal(got, []string{ids[2], ids[1], ids[0]}) {
			t.Errorf("completed: %q", got)
		}
		if r := p.call("ListTasks", `"pageSize": 1, "includeArtifacts": true, "status": "TASK_STATE_COMPLETED"`); r.text(t, "tasks", "0", "artifacts", "0", "parts", "0", "text") != "You said: Rome" {
			t.Errorf("with artifacts: %s", r["tasks"])
		}
		p.refused(-32602, "ListTasks", `"pageToken": "x"`)
		p.refused(-32602, "ListTasks", `"pageSize": 101`)
		p.refused(-32602, "ListTasks", `"status": "happy"`)
	})
}

// A graph that stops at a breakpoint asks nothing: the next message is added to what was said, and the run goes on where it stopped.
func TestA2ABreakpoints(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(platform.Graph{ID: "desk", Source: weather.Graph, Symbol: "./weather:Graph"}), uri)
		for _, d := range dialects() {
			p := peer{d, t, s, alice}
			stopped := p.sent(p.saying("", p.text("How is the weather?")))
			if got := stopped.text(t, "status", "state"); got != p.asks {
				t.Fatalf("%s: state %q: %s", p.name, got, stopped)
			}
			done := p.sent(p.saying(fmt.Sprintf(`"taskId": %q,`, stopped.text(t, "id")), p.text("Go on")))
			got := []string{done.text(t, "id"), done.text(t, "status", "state"), done.text(t, "artifacts", "0", "parts", "0", "text")}
			if diff := cmp.Diff([]string{stopped.text(t, "id"), p.done, "It's sunny in San Francisco!"}, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s\n%s", p.name, diff, done)
			}
			var said []string
			for i := range 4 {
				said = append(said, done.text(t, "history", fmt.Sprint(i), "parts", "0", "text"))
			}
			if diff := cmp.Diff([]string{"How is the weather?", "Go on", "It's sunny in San Francisco!", ""}, said); diff != "" {
				t.Errorf("%s: history (-want +got):\n%s", p.name, diff)
			}
		}
	})
}

// A server that stops breaks the stream off, so that nobody takes the task for ended; the next one goes on with the run, and tells it to
// whoever asks again.
func TestA2AStreamsBreakOff(t *testing.T) {
	t.Parallel()
	server := start(t, binary(t, "graphs/desk/platform.json"), "DATABASE_URI="+filepath.Join(t.TempDir(), "test.db"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	open := func(method, params string) *bufio.Scanner {
		t.Helper()
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/a2a/desk", strings.NewReader(agentCall(method, params)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+alice)
		r.Header.Set("Accept", "*/*")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = response.Body.Close() })
		return bufio.NewScanner(response.Body)
	}
	said := `"message": {"messageId": "m", "role": "user", "parts": [{"text": "wait"}]}`
	stream, task, lines := open("SendStreamingMessage", said), "", ""
	for stream.Scan() {
		lines += stream.Text() + "\n"
		if data, ok := strings.CutPrefix(stream.Text(), "data: "); ok && task == "" {
			var first struct {
				Result struct{ Task struct{ ID string } }
			}
			if err := json.Unmarshal([]byte(data), &first); err != nil {
				t.Fatal(err)
			}
			task = first.Result.Task.ID
		}
		if strings.Contains(stream.Text(), "TASK_STATE_WORKING") {
			server.stop(syscall.SIGTERM)
		}
	}
	if stream.Err() == nil || strings.Contains(lines, "TASK_STATE_CANCELED") {
		t.Errorf("the stream ended with %v:\n%s", stream.Err(), lines)
	}
	server.again()
	again := open("SubscribeToTask", fmt.Sprintf(`"id": %q`, task))
	lines = ""
	for again.Scan() {
		lines += again.Text() + "\n"
		if strings.Contains(again.Text(), "TASK_STATE_WORKING") {
			if gone := open("CancelTask", fmt.Sprintf(`"id": %q`, task)); !gone.Scan() {
				t.Errorf("the cancel says nothing: %v", gone.Err())
			}
		}
	}
	if again.Err() != nil || !strings.Contains(lines, "TASK_STATE_CANCELED") {
		t.Errorf("the second stream ended with %v:\n%s", again.Err(), lines)
	}
}

// Which task a run goes on with is the run's to say: a key of that name in an assistant's metadata does not make all of its runs one task.
func TestTasksAreNotTheAssistantsToName(t *testing.T) {
	t.Parallel()
	s := serve(t, agentParts(), t.TempDir()+"/test.db")
	own := s.must(200, alice, http.MethodPost, "/assistants", `{"graph_id": "desk", "metadata": {"a2a_task_id": "x", "note": "kept"}}`).field(t, "assistant_id")
	for range 2 {
		if got := s.must(200, alice, http.MethodPost, "/a2a/"+own, agentSays("SendMessage", "")); !strings.Contains(string(got.Body), "You said: hello") {
			t.Errorf("a message to it: %s", got.Body)
		}
	}
	if got := s.must(200, alice, http.MethodPost, "/a2a/"+own, agentCall("ListTasks", "")); !strings.Contains(string(got.Body), `"totalSize":2`) {
		t.Errorf("tasks of it: %s", got.Body)
	}
}
