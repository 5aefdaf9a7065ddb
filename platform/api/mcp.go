package api

import (
	"context"
	"net/http"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/platform/mcp"
	"github.com/locutory/locutory/platform/store"
)

// callTools answers POST /mcp (rest.md §8.2).
func (s *Server) callTools(ctx context.Context, c *call) error {
	raw, err := c.read()
	if err != nil {
		return err
	}
	message, err := mcp.Read(c.gin.Request.Header, raw)
	if err != nil {
		return err
	}
	c.failure = message.Failure
	if message.Configurable, err = s.configurable(ctx, c.gin.Request); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type end struct {
		answer mcp.Answer
		err    error
	}
	ended, begun := make(chan end, 1), make(chan struct{})
	go func() {
		answer, err := s.tools.Answer(ctx, message, c.requestID, func() { close(begun) })
		ended <- end{answer, err}
	}()
	select {
	case e := <-ended:
		if e.err != nil {
			return e.err
		}
		return c.told(e.answer)
	case <-begun: // a run, which may take longer than what stands between client and server waits for a first byte
	}
	return c.slowly(ctx, func(waiting context.Context) ([]byte, error) {
		var e end
		select {
		case e = <-ended:
		case <-waiting.Done():
			cancel()
			e = <-ended
		}
		return e.answer.Body, e.err
	})
}

func (c *call) told(a mcp.Answer) error {
	if len(a.Body) == 0 {
		return c.empty(a.Status)
	}
	c.gin.Data(a.Status, a.Header.Get("Content-Type"), a.Body)
	return nil
}

// noEvents answers GET /mcp: this server tells clients nothing that they have not asked for.
func (s *Server) noEvents(_ context.Context, c *call) error {
	c.gin.Header("Allow", http.MethodPost)
	return refuse(http.StatusMethodNotAllowed, "Method Not Allowed")
}

// noSession answers DELETE /mcp: there are no sessions to end.
func (s *Server) noSession(context.Context, *call) error {
	return refuse(http.StatusNotFound, "Not Found")
}

// toolSchemas describes an assistant's graph.
func (s *Server) toolSchemas(ctx context.Context, a store.Assistant) (graphs.Schemas, error) {
	graph, err := s.load(ctx, a.GraphID, "assistants.read", a)
	if err != nil {
		return graphs.Schemas{}, err
	}
	schemas := graph.Schemas()
	if source, err := s.Graphs.Graph(a.GraphID); err == nil && len(schemas.Context) == 0 {
		schemas.Context = source.Settings()
	}
	return schemas, nil
}
