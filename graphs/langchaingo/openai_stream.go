package langchaingo

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/locutory/locutory/graphs"
)

// openAIStream turns the server-sent events of one completion into chunks.
type openAIStream struct {
	provider  string
	yield     func(graphs.MessageChunk) bool
	reasoned  bool
	finish    string
	id, model string
	usage     *graphs.Usage
}

type openAIEvent struct {
	ID      string          `json:"id"`
	Model   string          `json:"model"`
	Error   json.RawMessage `json:"error"`
	Usage   *openAIUsage    `json:"usage"`
	Choices []struct {
		Index        int         `json:"index"`
		Delta        openAIDelta `json:"delta"`
		FinishReason string      `json:"finish_reason"`
	} `json:"choices"`
}

type openAIDelta struct {
	Content          string `json:"content"`
	Refusal          string `json:"refusal"`
	ReasoningContent string `json:"reasoning_content"`
	Reasoning        string `json:"reasoning"`
	ToolCalls        []struct {
		Index    int    `json:"index"`
		ID       string `json:"id"`
		Function struct {
			Name      string `json:"name"`
			Arguments string `json:"arguments"`
		} `json:"function"`
	} `json:"tool_calls"`
}

type openAIUsage struct {
	PromptTokens     int `json:"prompt_tokens"`
	CompletionTokens int `json:"completion_tokens"`
	TotalTokens      int `json:"total_tokens"`
	PromptDetails    struct {
		Audio  int `json:"audio_tokens"`
		Cached int `json:"cached_tokens"`
	} `json:"prompt_tokens_details"`
	CompletionDetails struct {
		Audio     int `json:"audio_tokens"`
		Reasoning int `json:"reasoning_tokens"`
	} `json:"completion_tokens_details"`
}

// read yields the chunks of body. Only a finish reason or the end marker makes an answer complete.
func (s *openAIStream) read(ctx context.Context, body io.Reader) error {
	const longestLine = 16 << 20
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 0, 4096), longestLine)
	done := false
	for !done && lines.Scan() {
		data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data:"))
		if !ok {
			continue // a comment, an event name or the end of a frame
		}
		data = bytes.TrimSpace(data)
		if done = string(data) == "[DONE]"; done || len(data) == 0 {
			continue
		}
		if err := s.event(data); err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if !done && s.finish == "" {
		if err := lines.Err(); err != nil {
			return errors.Join(ErrIncomplete, err)
		}
		return ErrIncomplete
	}
	return s.end()
}

func (s *openAIStream) event(data []byte) error {
	var e openAIEvent
	if err := json.Unmarshal(data, &e); err != nil {
		return fmt.Errorf("read an event of the stream: %w", err)
	}
	if len(e.Error) > 0 && string(e.Error) != "null" {
		return apiError(200, e.Error)
	}
	if e.ID != "" {
		s.id = e.ID
	}
	if e.Model != "" {
		s.model = e.Model
	}
	if e.Usage != nil {
		s.usage = e.Usage.usage()
	}
	for _, choice := range e.Choices {
		if choice.Index != 0 {
			continue
		}
		if err := s.delta(choice.Delta); err != nil {
			return err
		}
		if choice.FinishReason != "" {
			s.finish = choice.FinishReason
		}
	}
	return nil
}

// delta yields one chunk for each block that the delta touches: reasoning, text, each tool call.
func (s *openAIStream) delta(d openAIDelta) error {
	if thought := d.ReasoningContent + d.Reasoning; thought != "" {
		s.reasoned = true
		if err := s.block("reasoning", thought, 0); err != nil {
			return err
		}
	}
	if text := d.Content + d.Refusal; text != "" {
		if err := s.text(text); err != nil {
			return err
		}
	}
	for _, call := range d.ToolCalls {
		piece := graphs.ToolCallChunk{Index: call.Index, ID: call.ID, Name: call.Function.Name, Args: call.Function.Arguments}
		if err := s.send(graphs.MessageChunk{ToolCallChunks: []graphs.ToolCallChunk{piece}}); err != nil {
			return err
		}
	}
	return nil
}

// text is a plain string, as clients know it, unless the model has thought aloud: then it is a block beside the thoughts.
func (s *openAIStream) text(text string) error {
	if s.reasoned {
		return s.block("text", text, 1)
	}
	return s.send(graphs.MessageChunk{Content: graphs.Content{Text: text}})
}

func (s *openAIStream) block(kind, text string, index int) error {
	raw, err := json.Marshal(map[string]any{"type": kind, kind: text, "index": index})
	if err != nil {
		return err
	}
	return s.send(graphs.MessageChunk{Content: graphs.Content{Blocks: []json.RawMessage{raw}}})
}

func (s *openAIStream) send(c graphs.MessageChunk) error {
	if !s.yield(c) {
		return errStopped
	}
	return nil
}

func (s *openAIStream) end() error {
	meta := make(map[string]json.RawMessage)
	for key, value := range map[string]string{
		"finish_reason": s.finish, "model_name": s.model, "model_provider": s.provider, "id": s.id,
	} {
		if value == "" {
			continue
		}
		raw, err := json.Marshal(value)
		if err != nil {
			return err
		}
		meta[key] = raw
	}
	return s.send(graphs.MessageChunk{UsageMetadata: s.usage, ResponseMetadata: meta, Last: true})
}

func (u *openAIUsage) usage() *graphs.Usage {
	return &graphs.Usage{
		InputTokens: u.PromptTokens, OutputTokens: u.CompletionTokens, TotalTokens: u.TotalTokens,
		InputTokenDetails:  counted(map[string]int{"audio": u.PromptDetails.Audio, "cache_read": u.PromptDetails.Cached}),
		OutputTokenDetails: counted(map[string]int{"audio": u.CompletionDetails.Audio, "reasoning": u.CompletionDetails.Reasoning}),
	}
}

// counted drops the zeros.
func counted(tokens map[string]int) map[string]int {
	for kind, n := range tokens {
		if n == 0 {
			delete(tokens, kind)
		}
	}
	if len(tokens) == 0 {
		return nil
	}
	return tokens
}
