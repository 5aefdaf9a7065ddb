package langchaingo

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/langchaingo/openaistub"
	"github.com/tmc/langchaingo/llms"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// setup returns a model that asks a stub.
func setup(t *testing.T, turns ...openaistub.Turn) (*OpenAI, *openaistub.Server) {
	t.Helper()
	stub := openaistub.New(turns...)
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		stub.Close()
	})
	model, err := NewOpenAI(OpenAIConfig{BaseURL: stub.URL, APIKey: "secret", Model: "stub-1", Client: client})
	if err != nil {
		t.Fatal(err)
	}
	return model, stub
}

func ask(texts ...string) graphs.ModelRequest {
	var req graphs.ModelRequest
	for _, text := range texts {
		req.Messages = append(req.Messages, graphs.Human(text))
	}
	return req
}

var weather = graphs.NewTool("weather", "The weather.", func(_ context.Context, q struct {
	City string `json:"city"`
},
) (string, error) {
	return "sunny in " + q.City, nil
})

// interleaved is two calls whose pieces come in turns, beside text.
func interleaved() openaistub.Turn {
	return openaistub.Turn{Deltas: []openaistub.Delta{
		{Content: "Both: "},
		openaistub.Piece(0, "call_a", "weather", ""),
		openaistub.Piece(1, "call_b", "weather", ""),
		openaistub.Piece(1, "", "", `{"city":`),
		openaistub.Piece(0, "", "", `{"city":"Pa`),
		{Content: "wait"},
		openaistub.Piece(1, "", "", `"Rome"}`),
		openaistub.Piece(0, "", "", `ris"}`),
	}}
}

var bothCalls = []graphs.ToolCall{
	{ID: "call_a", Name: "weather", Args: json.RawMessage(`{"city":"Paris"}`)},
	{ID: "call_b", Name: "weather", Args: json.RawMessage(`{"city":"Rome"}`)},
}

func TestOpenAIText(t *testing.T) {
	t.Parallel()
	model, stub := setup(t, openaistub.Text("Hel", "lo"))
	got, err := graphs.CallModel(t.Context(), model, ask("hi"))
	if err != nil {
		t.Fatal(err)
	}
	want := graphs.AI("Hello")
	want.UsageMetadata = &graphs.Usage{InputTokens: 9, OutputTokens: 4, TotalTokens: 13}
	want.ResponseMetadata = map[string]json.RawMessage{
		"finish_reason": json.RawMessage(`"stop"`), "model_name": json.RawMessage(`"stub-1"`),
		"model_provider": json.RawMessage(`"openai"`), "id": json.RawMessage(`"chatcmpl-stub"`),
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(graphs.Message{}, "ID")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if again, err := graphs.CallModel(t.Context(), model, ask("hi")); err != nil || again.ID == got.ID || got.ID == "" {
		t.Errorf("ids %q, %q: %v: a server's id may repeat, a message's must not", got.ID, again.ID, err)
	}
	if auth := stub.Requests()[0].Authorization; auth != "Bearer secret" {
		t.Errorf("authorization %q", auth)
	}
}

func TestOpenAIKeepsInterleavedCallsApart(t *testing.T) {
	t.Parallel()
	model, _ := setup(t, interleaved())
	var chunks []graphs.MessageChunk
	for c, err := range model.Stream(t.Context(), ask("both")) {
		if err != nil {
			t.Fatal(err)
		}
		if c.Content.Text != "" && len(c.ToolCallChunks) > 0 || len(c.ToolCallChunks) > 1 {
			t.Errorf("a chunk of more than one block: %+v", c)
		}
		chunks = append(chunks, c)
	}
	got := graphs.Accumulate(chunks...)
	if diff := cmp.Diff(bothCalls, got.ToolCalls); diff != "" || got.Text() != "Both: wait" {
		t.Errorf("text %q, calls (-want +got):\n%s", got.Text(), diff)
	}

	var text strings.Builder
	answer, err := model.GenerateContent(t.Context(), []llms.MessageContent{llms.TextParts(llms.ChatMessageTypeHuman, "both")},
		llms.WithStreamingFunc(func(_ context.Context, chunk []byte) error {
			text.Write(chunk)
			return nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	choice := answer.Choices[0]
	if text.String() != "Both: wait" || choice.Content != "Both: wait" || choice.StopReason != "tool_calls" {
		t.Errorf("streamed %q, answered %q, stopped by %q", text.String(), choice.Content, choice.StopReason)
	}
	if len(choice.ToolCalls) != 2 || choice.ToolCalls[0].FunctionCall.Arguments != `{"city":"Paris"}` || choice.ToolCalls[1].FunctionCall.Arguments != `{"city":"Rome"}` {
		t.Errorf("calls %+v", choice.ToolCalls)
	}
}

// A cancel in mid-stream is an error, whoever asks and however much has come.
func TestOpenAICancelInMidStream(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(context.Context, *OpenAI, func()) error{
		"CallModel": func(ctx context.Context, m *OpenAI, first func()) error {
			_, err := graphs.CallModel(ctx, watched{m, first}, ask("hi"))
			return err
		},
		"GenerateContent": func(ctx context.Context, m *OpenAI, first func()) error {
			_, err := m.GenerateContent(ctx, []llms.MessageContent{llms.TextParts(llms.ChatMessageTypeHuman, "hi")},
				llms.WithStreamingFunc(func(context.Context, []byte) error { first(); return nil }))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gate := make(chan struct{}, 1)
			gate <- struct{}{} // one delta, then silence
			turn := openaistub.Text("Hel", "lo")
			turn.Gate = gate
			model, _ := setup(t, turn)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if err := call(ctx, model, cancel); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want context.Canceled", err)
			}
		})
	}
}

func TestOpenAIRefusals(t *testing.T) {
	t.Parallel()
	failing := openaistub.Text("Hel")
	failing.Error = "the server is overloaded"
	cut := openaistub.Text("Hel")
	cut.Cut = true
	for _, tc := range []struct {
		name string
		turn openaistub.Turn
		want func(error) bool
	}{
		{"error in the stream", failing, func(err error) bool {
			var api *APIError
			return errors.As(err, &api) && api.Status == 200 && api.Message == "the server is overloaded"
		}},
		{"cut", cut, func(err error) bool { return errors.Is(err, ErrIncomplete) }},
		{"refused", openaistub.Turn{Status: 401, Error: "bad key"}, func(err error) bool {
			var api *APIError
			return errors.As(err, &api) && api.Status == 401 && api.Message == "bad key"
		}},
		{"garbage", openaistub.Turn{Deltas: []openaistub.Delta{{Raw: "{"}}}, func(err error) bool {
			return strings.Contains(err.Error(), "read an event")
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			model, _ := setup(t, tc.turn)
			got, err := graphs.CallModel(t.Context(), model, ask("hi"))
			if err == nil || !tc.want(err) {
				t.Errorf("got %v", err)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the key is in the error: %v", err)
			}
			if diff := cmp.Diff(graphs.Message{}, got); diff != "" {
				t.Errorf("an error and a message:\n%s", diff)
			}
			_, err = model.GenerateContent(t.Context(), []llms.MessageContent{llms.TextParts(llms.ChatMessageTypeHuman, "hi")})
			if err == nil || !tc.want(err) {
				t.Errorf("GenerateContent: got %v", err)
			}
		})
	}
}

// serve answers every request with body.
func serve(t *testing.T, contentType, body string) *OpenAI {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write([]byte(body))
	}))
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(func() {
		client.CloseIdleConnections()
		server.Close()
	})
	model, err := NewOpenAI(OpenAIConfig{BaseURL: server.URL, Model: "m", Client: client})
	if err != nil {
		t.Fatal(err)
	}
	return model
}

func TestOpenAIEndOfStream(t *testing.T) {
	t.Parallel()
	const text = `data: {"choices":[{"index":0,"delta":{"content":"x"}}]}` + "\n\n"
	const finish = `data: {"choices":[{"index":0,"delta":{},"finish_reason":"length"}]}` + "\n\n"
	for _, tc := range []struct {
		name, kind, body string
		complete         bool
	}{
		{"neither reason nor marker", "text/event-stream", text, false},
		{"reason only", "text/event-stream", text + finish, true},
		{"marker only", "text/event-stream", text + "data: [DONE]\n\n", true},
		{"comments, names, CRLF", "text/event-stream; charset=utf-8", ": hi\r\nevent: x\r\n" + strings.ReplaceAll(text+finish, "\n", "\r\n"), true},
		{"no stream", "application/json", `{"choices":[]}`, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := graphs.CallModel(t.Context(), serve(t, tc.kind, tc.body), ask("hi"))
			if (err == nil) != tc.complete || tc.complete && got.Text() != "x" {
				t.Errorf("got %q, %v", got.Text(), err)
			}
		})
	}
}

func TestOpenAIReasoning(t *testing.T) {
	t.Parallel()
	model, _ := setup(t, openaistub.Turn{Deltas: []openaistub.Delta{{Reasoning: "h"}, {Reasoning: "m"}, {Content: "Hel"}, {Content: "lo"}}})
	got, err := graphs.CallModel(t.Context(), model, ask("hi"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Text() != "Hello" || reasoningOf(got.Content) != "hm" || len(got.Content.Blocks) != 2 {
		t.Errorf("got %s", got.Content.AppendJSON(nil))
	}
}

func TestOpenAIBreakEndsTheCall(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{}, 1)
	gate <- struct{}{}
	turn := openaistub.Text("a", "b")
	turn.Gate = gate
	model, _ := setup(t, turn)
	for _, err := range model.Stream(t.Context(), ask("hi")) {
		if err != nil {
			t.Fatal(err)
		}
		break // goleak and the stub's Close find what would stay
	}
}

func TestOpenAIRequest(t *testing.T) {
	t.Parallel()
	model, stub := setup(t, openaistub.Text("x"))
	conversation := `[
		{"role":"developer","content":"d"},
		{"type":"human","content":[{"type":"text","text":"look"},{"type":"image","mimeType":"image/png","data":"QUJD"},{"type":"image_url","image_url":{"url":"http://x/y"}},{"type":"file","mime_type":"application/pdf","base64":"QUJD","metadata":{"name":"a.pdf"}}]},
		{"type":"ai","content":"","tool_calls":[{"name":"f","args":{"a":1},"id":"c1"}],"invalid_tool_calls":[{"name":"g","args":"{","id":"c2","error":"e"}]},
		{"type":"tool","tool_call_id":"c1","name":"f","content":[{"type":"text","text":"r"}]},
		{"type":"remove","id":"x"},
		{"type":"ai","content":[{"type":"reasoning","reasoning":"hm"},{"type":"text","text":"t"}]}]`
	msgs, err := graphs.CoerceMessages(json.RawMessage(conversation))
	if err != nil {
		t.Fatal(err)
	}
	req := graphs.ModelRequest{Messages: msgs, Tools: []graphs.Tool{weather}, ToolChoice: "weather"}
	if _, err := graphs.CallModel(t.Context(), Model(model, llms.WithTemperature(0.5), llms.WithMaxTokens(7)), req); err != nil {
		t.Fatal(err)
	}
	want := `{"model":"stub-1","stream":true,"stream_options":{"include_usage":true},"temperature":0.5,"max_tokens":7,
		"messages":[
			{"role":"developer","content":"d"},
			{"role":"user","content":[{"type":"text","text":"look"},{"type":"image_url","image_url":{"url":"data:image/png;base64,QUJD"}},{"type":"image_url","image_url":{"url":"http://x/y"}},{"type":"file","file":{"file_data":"data:application/pdf;base64,QUJD","filename":"a.pdf"}}]},
			{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}},{"id":"c2","type":"function","function":{"name":"g","arguments":"{"}}]},
			{"role":"tool","content":"r","tool_call_id":"c1"},
			{"role":"assistant","content":"t"}],
		"tools":[{"type":"function","function":{"name":"weather","description":"The weather.","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}],
		"tool_choice":{"type":"function","function":{"name":"weather"}}}`
	var gotBody, wantBody any
	if err := errors.Join(json.Unmarshal(stub.Requests()[0].Raw, &gotBody), json.Unmarshal([]byte(want), &wantBody)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(wantBody, gotBody); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A langchaingo conversation, as its agents keep it, reaches the server whole.
func TestOpenAIGenerateContentRequest(t *testing.T) {
	t.Parallel()
	model, stub := setup(t, openaistub.Text("x"))
	call := llms.ToolCall{ID: "c1", Type: "function", FunctionCall: &llms.FunctionCall{Name: "f", Arguments: `{"a":1}`}}
	_, err := model.GenerateContent(t.Context(), []llms.MessageContent{
		llms.TextParts(llms.ChatMessageTypeSystem, "s"),
		{Role: llms.ChatMessageTypeHuman, Parts: []llms.ContentPart{llms.TextPart("look"), llms.BinaryPart("image/png", []byte("ABC"))}},
		{Role: llms.ChatMessageTypeAI, Parts: []llms.ContentPart{llms.TextPart("t"), call}},
		{Role: llms.ChatMessageTypeTool, Parts: []llms.ContentPart{llms.ToolCallResponse{ToolCallID: "c1", Name: "f", Content: "r"}}},
	}, llms.WithTools([]llms.Tool{{Type: "function", Function: &llms.FunctionDefinition{Name: "f"}}}))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`{"role":"system","content":"s"}`,
		`{"role":"user","content":[{"text":"look","type":"text"},{"image_url":{"url":"data:image/png;base64,QUJD"},"type":"image_url"}]}`,
		`{"role":"assistant","content":"t","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]}`,
		`{"role":"tool","content":"r","tool_call_id":"c1"}`,
	}
	var got []string
	for _, m := range stub.Requests()[0].Messages {
		got = append(got, string(m))
	}
	if diff := cmp.Diff(want, got); diff != "" || len(stub.Requests()[0].Tools) != 1 {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
