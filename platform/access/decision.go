package access

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/locutory/locutory/authhooks"
)

// unhandled decides where no rule does.
func (g *Guard) unhandled(ctx context.Context, s scope) error {
	if g.allow {
		return nil
	}
	event := string(s.resource) + ":" + string(s.action)
	g.log.WarnContext(ctx, fmt.Sprintf("%s denied for %s: no rule matches; add On(%s, %s, ...) or On(Any, Any, ...)",
		event, s.user, identifier(string(s.resource)), identifier(string(s.action))))
	return &authhooks.Error{Status: http.StatusForbidden, Detail: "no handler for " + event}
}

// tell logs a decision for those who look for the rule that made it.
func (g *Guard) tell(ctx context.Context, c Caller, s scope, a authhooks.Answer, err error) {
	if !g.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	verdict := "allow"
	switch {
	case err != nil:
		verdict = "deny"
	case a.Filter != nil:
		verdict = "filter"
	}
	attrs := []slog.Attr{
		slog.String("event", string(s.resource)+":"+string(s.action)),
		slog.String("verdict", verdict),
		slog.String("user", s.user.Identity),
		slog.String("rule", a.Rule),
		slog.String("origin", string(c.Origin)),
		slog.String("route", c.Route),
		slog.String("request_id", c.RequestID),
	}
	if err != nil {
		attrs = append(attrs, slog.Any("error", err))
	}
	g.log.LogAttrs(ctx, slog.LevelDebug, "decision", attrs...)
}

// identifier is the Go name of a resource or an action: create_run is CreateRun.
func identifier(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}
