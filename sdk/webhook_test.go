package sdk_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/locutory/locutory/sdk"
)

// ended is a webhook as a server sends it.
func ended(secret string, at time.Time, body string) *http.Request {
	mac := hmac.New(sha256.New, []byte(secret))
	_, _ = fmt.Fprintf(mac, "%d.%s", at.Unix(), body)
	r := httptest.NewRequest(http.MethodPost, "/ended", strings.NewReader(body))
	r.Header.Set("Locutory-Signature", fmt.Sprintf("t=%d,v1=00ff,v1=%s", at.Unix(), hex.EncodeToString(mac.Sum(nil))))
	return r
}

func TestParseWebhook(t *testing.T) {
	t.Parallel()
	const body = `{"run_id":"R","thread_id":"T","status":"error","values":{"a":1},"run_started_at":null,"error":{"error":"ValueError","message":"boom"}}`
	got, err := sdk.ParseWebhook(ended("s3cret", time.Now(), body), "s3cret")
	if err != nil {
		t.Fatal(err)
	}
	if got.RunID != "R" || got.Status != sdk.RunErrored || got.StartedAt != nil || string(got.Values) != `{"a":1}` || got.Error.Message != "boom" {
		t.Errorf("got %+v", got)
	}
	changed := ended("s3cret", time.Now(), body)
	changed.Body = io.NopCloser(bytes.NewReader([]byte(strings.Replace(body, "error", "success", 1))))
	unsigned := ended("s3cret", time.Now(), body)
	unsigned.Header.Del("Locutory-Signature")
	timeless := ended("s3cret", time.Now(), body)
	timeless.Header.Set("Locutory-Signature", strings.Replace(timeless.Header.Get("Locutory-Signature"), "t=", "x=", 1))
	for name, r := range map[string]*http.Request{
		"another secret": ended("other", time.Now(), body), "no secret": ended("", time.Now(), body), "changed": changed, "unsigned": unsigned,
		"timeless": timeless, "old": ended("s3cret", time.Now().Add(-6*time.Minute), body), "to come": ended("s3cret", time.Now().Add(6*time.Minute), body),
	} {
		if _, err := sdk.ParseWebhook(r, "s3cret"); !errors.Is(err, sdk.ErrSignature) {
			t.Errorf("%s: error %v, want %v", name, err, sdk.ErrSignature)
		}
	}
	if _, err := sdk.ParseWebhook(ended("", time.Now(), body), ""); err != nil {
		t.Errorf("without a secret: %v", err)
	}
	if _, err := sdk.ParseWebhook(ended("s3cret", time.Now(), `[`), "s3cret"); err == nil {
		t.Error("what is no JSON was read")
	}
}

// A receiver of webhooks: it believes what is signed with the server's LOCUTORY_WEBHOOK_SECRET.
func ExampleParseWebhook() {
	receive := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		run, err := sdk.ParseWebhook(r, "s3cret")
		if errors.Is(err, sdk.ErrSignature) {
			http.Error(w, "who are you?", http.StatusForbidden)
			return
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if run.Error != nil {
			fmt.Println(run.RunID, "failed:", run.Error.Message)
			return
		}
		fmt.Println(run.RunID, run.Status, string(run.Values))
	})
	receive(httptest.NewRecorder(), ended("s3cret", time.Now(), `{"run_id":"0199-R","status":"success","values":{"answer":42}}`))
	receive(httptest.NewRecorder(), ended("s3cret", time.Now(), `{"run_id":"0199-S","status":"error","error":{"error":"ValueError","message":"boom"}}`))
	receive(httptest.NewRecorder(), ended("guess", time.Now(), `{"run_id":"0199-T","status":"success"}`))
	// Output:
	// 0199-R success {"answer":42}
	// 0199-S failed: boom
}

// Several runs at once, whose ends are told to a webhook.
func ExampleRuns_CreateBatch() {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /runs/batch", answer(200, `[{"run_id":"0199-R","status":"pending"},{"run_id":"0199-S","status":"pending"}]`))
	mux.HandleFunc("POST /runs/cancel", answer(204, ""))
	server := httptest.NewServer(mux)
	defer server.Close()
	client, err := sdk.New(sdk.Config{URL: server.URL, Token: "user1-token"})
	if err != nil {
		log.Panic(err)
	}
	ask := func(text string) sdk.RunCreate {
		return sdk.RunCreate{AssistantID: "agent", Input: sdk.Messages(sdk.Human(text)), Webhook: "https://hooks.example/ended"}
	}
	runs, err := client.Runs.CreateBatch(context.Background(), []sdk.RunCreate{ask("One?"), ask("Two?")})
	if err != nil {
		log.Panic(err)
	}
	for _, run := range runs {
		fmt.Println(run.RunID, run.Status)
	}
	// All of mine that have not begun need not begin.
	if err := client.Runs.CancelMany(context.Background(), sdk.BulkCancel{Status: sdk.CancelPending}, ""); err != nil {
		log.Panic(err)
	}
	// Output:
	// 0199-R pending
	// 0199-S pending
}

// An assistant goes back to what it was.
func ExampleAssistants_SetLatest() {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /assistants/{id}/versions", answer(200, `[{"version":2,"name":"curt"},{"version":1,"name":"friendly"}]`))
	mux.HandleFunc("POST /assistants/{id}/latest", answer(200, `{"version":1,"name":"friendly"}`))
	server := httptest.NewServer(mux)
	defer server.Close()
	client, err := sdk.New(sdk.Config{URL: server.URL, Token: "user1-token"})
	if err != nil {
		log.Panic(err)
	}
	versions, err := client.Assistants.Versions(context.Background(), "01a0-A", sdk.AssistantVersions{})
	if err != nil {
		log.Panic(err)
	}
	for _, v := range versions {
		fmt.Println(v.Version, v.Name)
	}
	assistant, err := client.Assistants.SetLatest(context.Background(), "01a0-A", versions[len(versions)-1].Version)
	if err != nil {
		log.Panic(err)
	}
	fmt.Println("now", assistant.Name)
	// Output:
	// 2 curt
	// 1 friendly
	// now friendly
}

func TestAssistantCalls(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.on("GET /assistants/A/graph", answer(200, `{"nodes":[{"id":"agent","type":"runnable"}],"edges":[]}`))
	s.on("GET /assistants/A/schemas", answer(200, `{"graph_id":"agent","input_schema":{},"output_schema":null,"state_schema":null,"config_schema":null,"context_schema":null}`))
	s.on("GET /assistants/A/subgraphs", answer(200, `{"outer|inner":{"input_schema":{"type":"object"}}}`))
	s.on("DELETE /assistants/A", answer(204, ""), answer(204, ""))
	client, _ := s.client(sdk.Config{})
	drawing, err := client.Assistants.Graph(t.Context(), "A", 2)
	if err != nil || len(drawing.Nodes) != 1 || drawing.Nodes[0].ID != "agent" {
		t.Errorf("graph %+v, %v", drawing, err)
	}
	schemas, err := client.Assistants.Schemas(t.Context(), "A")
	if err != nil || schemas.GraphID != "agent" || string(schemas.Input) != "{}" {
		t.Errorf("schemas %+v, %v", schemas, err)
	}
	subgraphs, err := client.Assistants.Subgraphs(t.Context(), "A", true)
	if err != nil || string(subgraphs["outer|inner"].Input) != `{"type":"object"}` {
		t.Errorf("subgraphs %+v, %v", subgraphs, err)
	}
	if err := errors.Join(client.Assistants.Delete(t.Context(), "A"), client.Assistants.DeleteWithThreads(t.Context(), "A")); err != nil {
		t.Error(err)
	}
	var uris []string
	for _, r := range s.got() {
		uris = append(uris, r.URI)
	}
	want := "/assistants/A/graph?xray=2 /assistants/A/schemas /assistants/A/subgraphs?recurse=true /assistants/A /assistants/A?delete_threads=true"
	if got := strings.Join(uris, " "); got != want {
		t.Errorf("requests %s, want %s", got, want)
	}
	for _, call := range []error{
		func() error {
			_, err := client.Assistants.Versions(t.Context(), "", sdk.AssistantVersions{})
			return err
		}(),
		func() error { _, err := client.Assistants.Graph(t.Context(), "..", 0); return err }(),
		func() error { _, err := client.Assistants.Subgraphs(t.Context(), "", false); return err }(),
		client.Assistants.DeleteWithThreads(t.Context(), "."),
	} {
		if call == nil {
			t.Error("an id that names another route was taken")
		}
	}
}
