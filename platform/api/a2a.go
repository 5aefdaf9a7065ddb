package api

import (
	"bytes"
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"

	"github.com/locutory/locutory/platform/a2a"
)

// asksA2A are the events of the methods of an agent: those of the REST route with the same effect.
func asksA2A() []string {
	return asks("(assistants:read)", "(threads:create_run)", "(threads:create)", "(threads:read)", "(threads:update)", "(threads:search)")
}

func (s *Server) newAgents() *a2a.Agents {
	cfg := a2a.Config{
		DB: s.DB, Runs: s.Runs, Guard: s.Guard, Graphs: s.Graphs, Version: s.Version, NewID: s.NewID, Schemas: s.toolSchemas,
	}
	if s.Security != nil {
		cfg.Schemes = s.Security.Schemes
		for _, requirement := range s.Security.Requirements {
			cfg.Requirements = append(cfg.Requirements, requirement)
		}
	}
	return a2a.New(cfg)
}

// callAgent answers POST /a2a/{assistant_id}: JSON-RPC of the Agent2Agent protocol (rest.md §8.3).
func (s *Server) callAgent(ctx context.Context, c *call) error {
	body, err := c.read()
	if err != nil {
		return err
	}
	given, err := s.configurable(ctx, c.gin.Request)
	if err != nil {
		return err
	}
	answer, err := s.agents.Call(ctx, a2a.Request{
		Assistant: c.param("assistant_id"), Body: body, ID: c.requestID, URL: func(id string) string { return s.agentURL(c, id) },
		Accept: c.gin.Request.Header.Values("Accept"), Version: c.gin.GetHeader("A2A-Version"), Configurable: given,
	})
	if err != nil {
		return err
	}
	defer answer.Close()
	c.ignores(answer.Ignored)
	switch {
	case answer.Stream != nil:
		return c.documents(ctx, answer.Stream)
	case answer.Wait != nil:
		return c.slowly(ctx, answer.Wait)
	}
	c.gin.Data(answer.Status, "application/json", answer.Body)
	return nil
}

// agentCard answers GET /a2a/{assistant_id}/.well-known/agent-card.json and GET /.well-known/agent-card.json?assistant_id=….
func (s *Server) agentCard(ctx context.Context, c *call) error {
	assistant := c.param("assistant_id")
	if assistant == "" {
		assistant = c.gin.Query("assistant_id")
	}
	if assistant == "" {
		return refuse(http.StatusUnprocessableEntity, "assistant_id is required: every assistant has a card of its own")
	}
	card, err := s.agents.Card(ctx, assistant, func(id string) string { return s.agentURL(c, id) })
	if err != nil {
		return err
	}
	c.gin.Data(http.StatusOK, "application/json", card)
	return nil
}

// agentURL is where an assistant answers. A setting says where the server is reached; without one it is as the caller has reached it: a
// card needs a whole URL, and what a caller tells of the host comes back to himself alone. Behind a proxy that ends TLS, the proxy says so.
func (s *Server) agentURL(c *call, assistant string) string {
	if s.PublicURL != "" {
		return strings.TrimSuffix(s.PublicURL, "/") + "/a2a/" + url.PathEscape(assistant)
	}
	r := c.gin.Request
	u := url.URL{Scheme: "http", Host: r.Host, Path: strings.TrimSuffix(s.MountPrefix, "/") + "/a2a/" + assistant}
	if r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		u.Scheme = "https"
	}
	return u.String()
}

// documents answers with JSON documents as server-sent events without names, as they come. As with [call.sse], nil means that all were
// sent.
func (c *call) documents(ctx context.Context, documents iter.Seq2[[]byte, error]) error {
	w := c.beginEvents()
	defer w.end()
	var buf bytes.Buffer
	return feed(ctx, c.server, documents, func(batch [][]byte) error {
		if buf.Reset(); buf.Cap() > 2*aheadBytes {
			buf = bytes.Buffer{}
		}
		for _, document := range batch {
			buf.WriteString("data: ")
			buf.Write(document)
			buf.WriteString("\n\n")
		}
		if len(batch) == 0 {
			buf.WriteString(heartbeat)
		}
		return w.send(buf.Bytes())
	})
}
