package langchaingo

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/locutory/locutory/graphs"
)

// Offline returns a model that needs no key and no network: a script. It says that it is one, streams word by word and, when
// it is asked about something that a tool of its is named for (the time, the weather), calls that tool once and tells what it said. A
// tool that it has to call it calls, so that agents with a structured response get one of made-up values.
func Offline() graphs.ChatModel { return offline{pause: 20 * time.Millisecond} }

type offline struct{ pause time.Duration }

func (offline) Info() graphs.ModelInfo {
	return graphs.ModelInfo{Provider: "offline", Name: "offline-script"}
}

func (o offline) Stream(ctx context.Context, req graphs.ModelRequest) iter.Seq2[graphs.MessageChunk, error] {
	return func(yield func(graphs.MessageChunk, error) bool) {
		chunks := o.answer(req)
		for i, c := range chunks {
			c.Last = i == len(chunks)-1
			select {
			case <-time.After(o.pause):
			case <-ctx.Done():
				yield(graphs.MessageChunk{}, ctx.Err())
				return
			}
			if !yield(c, nil) {
				return
			}
		}
	}
}

func (o offline) answer(req graphs.ModelRequest) []graphs.MessageChunk {
	var last, asked graphs.Message
	for _, m := range req.Messages {
		last = m
		if m.Type == graphs.TypeHuman {
			asked = m
		}
	}
	for _, tool := range req.Tools {
		if tool.Name() == req.ToolChoice { // it has to be called
			return callOf(tool, asked.Text(), len(req.Messages))
		}
	}
	if last.Type == graphs.TypeTool {
		return byWord("I am the offline script, not a model. The tool said: " + last.Text())
	}
	if tool := meant(req.Tools, asked.Text()); tool != nil {
		return callOf(tool, asked.Text(), len(req.Messages))
	}
	return byWord("I am the offline script, not a model: set OPENAI_API_KEY in .env to talk to one. You said: " + asked.Text())
}

func byWord(text string) (chunks []graphs.MessageChunk) {
	for word := range strings.SplitAfterSeq(text, " ") {
		chunks = append(chunks, graphs.MessageChunk{Content: graphs.Content{Text: word}})
	}
	return chunks
}

// meant returns the first tool whose name ends with a word of the text: get_weather for "the weather", current_time for "the time".
func meant(tools []graphs.Tool, text string) graphs.Tool {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) })
	for _, tool := range tools {
		name := strings.ToLower(tool.Name())
		if subject := name[strings.LastIndexByte(name, '_')+1:]; slices.Contains(words, subject) {
			return tool
		}
	}
	return nil
}

// callOf fills the tool's required texts with the place that was asked for.
func callOf(tool graphs.Tool, text string, turn int) []graphs.MessageChunk {
	var schema struct {
		Properties map[string]struct {
			Type string `json:"type"`
			Enum []any  `json:"enum"`
		} `json:"properties"`
		Required []string `json:"required"`
	}
	args := make(map[string]any)
	if json.Unmarshal(tool.Schema(), &schema) == nil {
		for _, name := range schema.Required {
			switch p := schema.Properties[name]; {
			case len(p.Enum) > 0:
				args[name] = p.Enum[0]
			case p.Type == "string":
				args[name] = place(text)
			case p.Type == "boolean":
				args[name] = false
			case p.Type == "array":
				args[name] = []any{}
			default:
				args[name] = 1
			}
		}
	}
	raw, err := json.Marshal(args)
	if err != nil {
		raw = []byte("{}")
	}
	id := "call_offline_" + strconv.Itoa(turn)
	piece := func(c graphs.ToolCallChunk) graphs.MessageChunk {
		return graphs.MessageChunk{ToolCallChunks: []graphs.ToolCallChunk{c}}
	}
	half := len(raw) / 2
	return []graphs.MessageChunk{
		piece(graphs.ToolCallChunk{ID: id, Name: tool.Name()}),
		piece(graphs.ToolCallChunk{Args: string(raw[:half])}),
		piece(graphs.ToolCallChunk{Args: string(raw[half:])}),
	}
}

// place returns what follows "in", else a city.
func place(text string) string {
	_, after, found := strings.Cut(text, " in ")
	if after = strings.Trim(after, " ?!."); found && after != "" {
		return after
	}
	return "Paris"
}
