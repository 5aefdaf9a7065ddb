package compat

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/locutory/locutory/platform/store/storetest"
)

// Servers that execute nothing and workers that serve nothing share one database: a run that one process made is executed by
// another and followed by a third, whose client sees all of it.
func TestServersAndWorkersApart(t *testing.T) {
	t.Parallel()
	path := binary(t, "graphs/durable/platform.json")
	uri := storetest.Postgres(t).URI
	front := start(t, path, "DATABASE_URI="+uri, "N_JOBS_PER_WORKER=0")
	other := start(t, path, "DATABASE_URI="+uri, "N_JOBS_PER_WORKER=0")

	var log strings.Builder
	worker := exec.Command(path, "worker")
	worker.Dir, worker.Env = t.TempDir(), append(worker.Environ(), "DATABASE_URI="+uri, "LOCUTORY_WEBHOOK_SECRET="+hookSecret)
	worker.Stdout, worker.Stderr = &log, &log
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := worker.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := worker.Wait(); err != nil {
			t.Errorf("the worker ended with %v\n%s", err, log.String())
		}
	})

	a, b := &server{URL: front.URL, t: t}, &server{URL: other.URL, t: t}
	thread := a.must(200, "user1-token", "POST", "/threads", "{}").field(t, "thread_id")
	run := a.must(200, "user1-token", "POST", "/threads/"+thread+"/runs",
		`{"assistant_id": "agent", "input": {"messages": []}, "stream_mode": ["updates"], "config": {"configurable": {"delay_ms": 20}}}`).field(t, "run_id")
	stream := b.must(200, "user1-token", "GET", "/threads/"+thread+"/runs/"+run+"/stream", "")
	if n := strings.Count(string(stream.Body), "event: updates"); n != 10 {
		t.Errorf("the other server showed %d updates, want 10:\n%s", n, stream.Body)
	}
	if got := b.must(200, "user1-token", "GET", "/threads/"+thread+"/runs/"+run+"/join", ""); !strings.Contains(string(got.Body), `"step 10"`) {
		t.Errorf("joined %s", got.Body)
	}
	b.must(404, "user2-token", "GET", "/threads/"+thread+"/runs/"+run+"/stream", "")

	// Webhooks are told by who executes: a server that executes nothing reaches nobody.
	url, got := receiver(t)
	a.must(200, "user1-token", "POST", "/threads/"+thread+"/runs",
		`{"assistant_id": "agent", "input": {"messages": []}, "webhook": "`+url+`"}`)
	if ended := next(t, got); ended.event.ThreadID != thread || ended.event.Status != "success" {
		t.Errorf("the webhook was told %s", ended.raw)
	}
}
