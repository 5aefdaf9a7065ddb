package openaistub

import (
	"encoding/json"
	"net/http"
)

// wholeCall is a tool call that is not in pieces.
type wholeCall struct {
	ID       string        `json:"id"`
	Type     string        `json:"type"`
	Function FunctionDelta `json:"function"`
}

// whole sends what the deltas come to.
func (t Turn) whole(w http.ResponseWriter, model string) {
	if t.Error != "" {
		refuse(w, http.StatusInternalServerError, t.Error)
		return
	}
	text, finish := "", t.Finish
	calls := []*wholeCall{}
	for _, d := range t.Deltas {
		text += d.Content
		for _, piece := range d.ToolCalls {
			for len(calls) <= piece.Index {
				calls = append(calls, &wholeCall{Type: "function"})
			}
			c := calls[piece.Index]
			c.ID += piece.ID
			c.Function.Name += piece.Function.Name
			c.Function.Arguments += piece.Function.Arguments
		}
	}
	if finish == "" {
		finish = "stop"
	}
	message := map[string]any{"role": "assistant", "content": text}
	if len(calls) > 0 {
		message["tool_calls"], finish = calls, "tool_calls"
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{ // a client that is gone needs no answer
		"id": "chatcmpl-stub", "object": "chat.completion", "model": model,
		"choices": []any{map[string]any{"index": 0, "message": message, "finish_reason": finish}},
		"usage":   map[string]int{"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13},
	})
}
