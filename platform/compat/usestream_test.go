package compat

import (
	"context"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform"
)

// TestUseStream drives the React hook of both official SDKs (streaming.md §6.1): messages as they come, history and its branches,
// questions, errors, stop, and a page that is loaded again in the middle of a run.
func TestUseStream(t *testing.T) {
	t.Parallel()
	for _, c := range clientsOf("usestream")[1:] { // there is none of Python
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			databases(t, func(t *testing.T, uri string) {
				words := make(slowTalker, 16)
				release := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { words <- "two" }))
				t.Cleanup(release.Close)
				s := serve(t, privateChat(words.graph(), doubter(), failing()), uri)
				if out := c.run(t, s.URL, release.URL); !strings.Contains(out, "ok usestream") {
					t.Errorf("the client said %s", out)
				}
			})
		})
	}
}

// slowTalker is a model that says "one " and then a word that comes through the channel.
type slowTalker chan string

// Info implements graphs.Model.
func (slowTalker) Info() graphs.ModelInfo { return graphs.ModelInfo{Provider: "test", Name: "slow"} }

// Stream implements graphs.Model.
func (s slowTalker) Stream(ctx context.Context, _ graphs.ModelRequest) iter.Seq2[graphs.MessageChunk, error] {
	return func(yield func(graphs.MessageChunk, error) bool) {
		if !yield(graphs.MessageChunk{Content: graphs.Content{Text: "one "}}, nil) {
			return
		}
		select {
		case word := <-s:
			yield(graphs.MessageChunk{Content: graphs.Content{Text: word}, Last: true}, nil)
		case <-ctx.Done():
			yield(graphs.MessageChunk{}, ctx.Err())
		}
	}
}

func (s slowTalker) graph() platform.Graph {
	return platform.Graph{ID: "speaker", Symbol: "./speaker:Graph", Source: graphs.NewStateGraph[graphs.MessagesState]().
		AddNode("speak", func(ctx context.Context, state graphs.MessagesState) (graphs.Update, error) {
			answer, err := graphs.CallModel(ctx, s, graphs.ModelRequest{Messages: state.Messages})
			if err != nil {
				return nil, err
			}
			return graphs.Patch(graphs.MessagesState{Messages: []graphs.Message{answer}}), nil
		}).AddEdge(graphs.Start, "speak").AddEdge("speak", graphs.End)}
}

// doubter asks before it answers.
func doubter() platform.Graph {
	return platform.Graph{ID: "doubter", Symbol: "./doubter:Graph", Source: graphs.NewStateGraph[graphs.MessagesState]().
		AddNode("ask", func(ctx context.Context, _ graphs.MessagesState) (graphs.Update, error) {
			answer, err := graphs.Interrupt[string](ctx, "go on?")
			if err != nil {
				return nil, err
			}
			return graphs.Patch(graphs.MessagesState{Messages: []graphs.Message{graphs.AI("answered " + answer)}}), nil
		}).AddEdge(graphs.Start, "ask").AddEdge("ask", graphs.End)}
}
