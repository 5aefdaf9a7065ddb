package single

import (
	"context"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/compat/graphs/react/scripted"
)

// Custom writes events of its own, one of them by name.
var Custom = agent(func(ctx context.Context, s graphs.MessagesState) (graphs.Update, error) {
	rt := graphs.RuntimeFrom(ctx)
	if err := rt.Write(stage{"thinking"}); err != nil {
		return nil, err
	}
	if err := rt.WriteNamed("status", map[string]string{"label": "answering"}); err != nil {
		return nil, err
	}
	if err := rt.Write(stage{"done"}); err != nil {
		return nil, err
	}
	return customReply(ctx, s)
})

type stage struct {
	Stage string `json:"stage"`
}

var customReply = scripted.Node(say("Custom channel reply"))
