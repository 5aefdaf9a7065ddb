package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/access"
	"github.com/locutory/locutory/platform/wire"
)

// call is one request on its way through a handler.
type call struct {
	gin       *gin.Context
	server    *Server
	requestID string
	// begun is set once a streaming answer has sent its head: an error after it can only abort the connection.
	begun bool
	// failure makes the body of an error, where it is not wire.ErrorBody.
	failure func(status int, detail string) ([]byte, error)
}

// open serves a route that nobody has to authenticate for.
func (s *Server) open(handle func(context.Context, *call) error) gin.HandlerFunc {
	return func(g *gin.Context) {
		c := s.newCall(g)
		c.run(g.Request.Context(), handle)
	}
}

// guarded authenticates, puts the caller into the context, and only then lets the route's handler see the request.
func (s *Server) guarded(route Route) gin.HandlerFunc {
	return func(g *gin.Context) {
		c := s.newCall(g)
		g.Header("Cache-Control", "no-store") // what one caller is told is for no cache, which may not know how he is told from others
		c.run(g.Request.Context(), func(ctx context.Context, c *call) error {
			caller, err := s.identify(ctx, g.Request, route)
			if err != nil {
				return err
			}
			if user := caller.User; user != nil && !user.Expires.IsZero() { // no stream outlives the credential that opened it
				var done context.CancelFunc
				ctx, done = context.WithDeadlineCause(ctx, user.Expires, errExpired)
				defer done()
			}
			caller.Route, caller.RequestID = route.Method+" "+route.Path, c.requestID
			ctx = context.WithValue(access.With(ctx, caller), servedKey{}, caller)
			err = route.handle(ctx, c)
			if err != nil && !isPanic(err) && errors.Is(context.Cause(ctx), errExpired) {
				return errExpired
			}
			return err
		})
	}
}

// way is how hooks are told that a request has come.
func (r Route) way() (authhooks.Origin, authhooks.Transport) {
	switch r.Group {
	case "mcp":
		return authhooks.OriginMCP, authhooks.TransportMCP
	case "a2a":
		return authhooks.OriginA2A, authhooks.TransportA2A
	}
	return authhooks.OriginAPI, authhooks.TransportHTTP
}

// identify returns who calls: by the operator's authenticator, but for calls of the server to itself.
func (s *Server) identify(ctx context.Context, r *http.Request, route Route) (access.Caller, error) {
	if caller, ok := insider(ctx); ok {
		if user := caller.User; user != nil && !user.Expires.IsZero() && !s.Now().Before(user.Expires) {
			return access.Caller{}, errExpired
		}
		return caller, nil
	}
	ip := clientIP(r)
	origin, transport := route.way()
	user, err := s.Guard.Authenticate(ctx, &authhooks.Request{
		Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Header: r.Header, ClientIP: ip, Transport: transport,
	})
	return access.Caller{User: user, Origin: origin, Transport: transport, ClientIP: ip}, err
}

// errExpired ends what a caller began whose credential has run out since.
var errExpired = authhooks.Unauthenticated("the credential has expired")

func (s *Server) newCall(g *gin.Context) *call {
	id := s.idOf(g.Request)
	g.Header("X-Request-Id", id)
	return &call{gin: g, server: s, requestID: id}
}

// idOf returns the id of a request: the client's if it may be echoed, else a new one.
func (s *Server) idOf(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); plain(id) {
		return id
	}
	return s.NewID()
}

// plain tells whether a client's request id may be echoed and logged.
func plain(id string) bool {
	return id != "" && len(id) <= 128 && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' })
}

func clientIP(r *http.Request) netip.Addr {
	if peer, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		return peer.Addr().Unmap()
	}
	return netip.Addr{}
}

// run calls handle and answers its error. A panic of ours is an answer of 500, and the server goes on.
func (c *call) run(ctx context.Context, handle func(context.Context, *call) error) {
	if err := rescued("serve", func() error { return handle(ctx, c) }); err != nil {
		c.fail(ctx, err)
	}
}

// fail answers err, or aborts the connection when the answer has begun: a stream that ends cleanly says that its run has ended.
func (c *call) fail(ctx context.Context, err error) {
	if c.begun {
		if isPanic(err) || ctx.Err() == nil && c.server.closing.Err() == nil {
			c.server.tell(ctx, slog.LevelWarn, "stream aborted", c.gin.Request, c.requestID, err)
		}
		panic(http.ErrAbortHandler)
	}
	status, detail, header := c.answer(ctx, err)
	for name, values := range header {
		c.gin.Writer.Header()[http.CanonicalHeaderKey(name)] = values
	}
	if c.failure != nil {
		if body, err := c.failure(status, detail); err == nil {
			c.gin.Data(status, "application/json", body)
			return
		}
	}
	writeRefusal(c.gin.Writer, status, detail)
}

// body reads the request's JSON into v, whatever its Content-Type. An empty body is an empty object. Fields that the contract
// does not name are listed in the response header Locutory-Ignored-Fields.
func body[T any](c *call, v *T) error {
	return bodyOf(c, v, c.server.MaxBody)
}

func bodyOf[T any](c *call, v *T, most int64) error {
	raw, err := c.readMost(most)
	if err != nil {
		return err
	}
	if err := wire.Decode(raw, v); err != nil {
		return err
	}
	unknown, err := wire.UnknownFields[T](raw)
	if err == nil {
		c.ignores(unknown)
	}
	return err
}

// ignores tells of fields that nobody knows.
func (c *call) ignores(fields []string) {
	if len(fields) == 0 {
		return
	}
	c.gin.Header("Locutory-Ignored-Fields", headerList(fields))
	c.server.Log.Debug("fields ignored", "route", c.gin.FullPath(), "fields", fields)
}

// headerList joins field names that a client chose into a header value: at most 32 of them, quoted where they are not plain.
func headerList(names []string) string {
	const most = 32
	out := make([]string, 0, most)
	for _, name := range names[:min(len(names), most)] {
		if len(name) > 64 {
			name = name[:64]
		}
		if !plain(name) || strings.ContainsAny(name, `,"`) {
			name = strconv.QuoteToASCII(name)
		}
		out = append(out, name)
	}
	return strings.Join(out, ", ")
}

func (c *call) read() ([]byte, error) { return c.readMost(c.server.MaxBody) }

func (c *call) readMost(most int64) ([]byte, error) {
	r := c.gin.Request
	if r.Body == nil {
		return nil, nil
	}
	raw, err := io.ReadAll(http.MaxBytesReader(c.gin.Writer, r.Body, most))
	if err == nil {
		return raw, nil
	}
	var big *http.MaxBytesError
	if errors.As(err, &big) {
		return nil, err
	}
	return nil, refuse(http.StatusBadRequest, "the request body could not be read: %v", err)
}

// param returns a path parameter, decoded once. gin would read one that is encoded like a query, where + is a space.
func (c *call) param(name string) string {
	text := c.gin.Param(name)
	if c.gin.Request.URL.RawPath == "" { // net/http has decoded it
		return text
	}
	if decoded, err := url.PathUnescape(text); err == nil {
		return decoded
	}
	return text
}

// uuid returns a path parameter that has to be a UUID.
func (c *call) uuid(name string) (string, error) {
	id := c.param(name)
	if !wire.IsUUID(id) {
		return "", refuse(http.StatusUnprocessableEntity, "%s: %q is not a UUID", name, id)
	}
	return strings.ToLower(id), nil
}

// lowered are ids as rows have them: hooks and statements are told of the same.
func lowered(ids []string) []string {
	if ids == nil {
		return nil
	}
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = strings.ToLower(id)
	}
	return out
}

// threadID returns the thread of the path, "" of a path without one.
func (c *call) threadID() (string, error) {
	if c.param("thread_id") == "" {
		return "", nil
	}
	return c.uuid("thread_id")
}

// flag reads a query parameter that says yes or no, in the ways that the clients write it (rest.md §1.6); absent is no.
func (c *call) flag(name string) (bool, error) {
	yes, err := c.choice(name)
	return yes != nil && *yes, err
}

// number reads a query parameter that is a whole number from least to most.
func (c *call) number(name string, otherwise, least, most int) (int, error) {
	text := c.gin.Query(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, refuse(http.StatusUnprocessableEntity, "%s: want an integer from %d to %d, got %q", name, least, most, text)
	}
	return n, nil
}

// object reads a query parameter that is a JSON object to be contained; nil when it is empty or not there.
func (c *call) object(name string) (json.RawMessage, error) {
	text := c.gin.Query(name)
	if text == "" {
		return nil, nil
	}
	var in wire.Object
	if err := wire.Decode([]byte(text), &in); err != nil {
		return nil, refuse(http.StatusUnprocessableEntity, "%s: want a JSON object: %s", name, err)
	}
	return containment(in)
}

// levels reads how many levels of graphs in graphs are to be shown: a number, or yes for all of them.
func (c *call) levels(name string) (int, error) {
	const all = 100
	if _, err := strconv.Atoi(c.gin.Query(name)); err == nil {
		return c.number(name, 0, 0, all)
	}
	yes, err := c.flag(name)
	if !yes || err != nil {
		return 0, err
	}
	return all, nil
}

// list reads a query parameter that is a list: repeated, comma separated, or a JSON array (rest.md §1.6).
func (c *call) list(names ...string) []string {
	var out []string
	for _, name := range names {
		for _, text := range c.gin.QueryArray(name) {
			var items []string
			if json.Unmarshal([]byte(text), &items) != nil {
				items = strings.Split(text, ",")
			}
			for _, item := range items {
				if item = strings.TrimSpace(item); item != "" {
					out = append(out, item)
				}
			}
		}
	}
	return out
}

// prefers tells whether the header Prefer asks for something, in any of its forms (RFC 7240): beside other preferences, quoted, with
// parameters.
func prefers(h http.Header, preference, value string) bool {
	for _, one := range strings.Split(strings.Join(h.Values("Prefer"), ","), ",") {
		one, _, _ = strings.Cut(one, ";")
		name, said, _ := strings.Cut(one, "=")
		if strings.EqualFold(strings.TrimSpace(name), preference) && strings.EqualFold(strings.Trim(strings.TrimSpace(said), `"`), value) {
			return true
		}
	}
	return false
}

// window reads which page of a list the query asks for.
func (c *call) window() (limit, offset int, err error) {
	if limit, err = c.number("limit", 10, 1, wire.MaxLimit); err == nil {
		offset, err = c.number("offset", 0, 0, 1<<31-1)
	}
	return limit, offset, err
}

func (c *call) json(status int, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	c.gin.Data(status, "application/json", data)
	return nil
}

func (c *call) empty(status int) error {
	c.gin.Status(status)
	c.gin.Writer.WriteHeaderNow()
	return nil
}

// page says where the next page begins (rest.md §1.5): total is the store's count within the caller's filter.
func (c *call) page(offset, rows, limit, total int) {
	c.gin.Header("X-Pagination-Total", strconv.Itoa(total))
	if rows == limit && offset+rows < total {
		c.gin.Header("X-Pagination-Next", strconv.Itoa(offset+rows))
	}
}
