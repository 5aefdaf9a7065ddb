package compat

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
)

// description is a served openapi.json, to hold traffic against. It is read and checked once for all servers that serve the same.
type description struct {
	operations []*described
	opts       []openapi3.SchemaValidationOption
}

// described is one operation of it.
type described struct {
	*openapi3.Operation
	method, path string
	parts        []string
	// query are the parameters by their names.
	query map[string]*openapi3.Parameter
}

// descriptions are those that were read, by their text.
var descriptions sync.Map

// describe reads an openapi.json.
func describe(text []byte) (*description, error) {
	read, _ := descriptions.LoadOrStore(string(text), sync.OnceValues(func() (*description, error) { return readDescription(text) }))
	return read.(func() (*description, error))()
}

func readDescription(text []byte) (*description, error) {
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(text)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	if err := nulls(doc); err != nil {
		return nil, err
	}
	anyUUID := openapi3.NewRegexpFormatValidator(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	d := &description{opts: []openapi3.SchemaValidationOption{
		openapi3.EnableFormatValidation(), openapi3.WithStringFormatValidator("uuid", anyUUID),
	}}
	for path, item := range doc.Paths.Map() {
		for method, o := range item.Operations() {
			one := &described{Operation: o, method: method, path: path, parts: strings.Split(path, "/"), query: map[string]*openapi3.Parameter{}}
			for _, p := range o.Parameters {
				if p.Value.In == openapi3.ParameterInQuery {
					one.query[p.Value.Name] = p.Value
				}
			}
			d.operations = append(d.operations, one)
			if o.Responses.Value("500") != nil {
				expect(one)
			}
		}
	}
	return d, nil
}

// nulls lets a schema that says nothing of types take null, as JSON Schema means it.
func nulls(doc *openapi3.T) error {
	for _, component := range doc.Components.Schemas {
		err := component.WalkSubtree(func(_ string, s *openapi3.SchemaRef) error {
			if v := s.Value; v != nil && v.Type == nil && v.Enum == nil && v.AnyOf == nil && v.Not == nil {
				v.Nullable = true
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// traffic is a request with its answer. Body and Sent are nil where they were not kept.
type traffic struct {
	method     string
	url        *url.URL
	sent, body []byte
	status     int
	header     http.Header
	// hostile requests are not judged: the server forgives more than it says.
	hostile bool
	// whole tells that body is all that was answered.
	whole bool
}

// errNowhere is an answer at a path that is not described.
var errNowhere = errors.New("the path is not described")

// check returns what of an exchange is not as described. Requests are judged by what the server has taken: if it did, the description
// must allow it.
func (d *description) check(x traffic) error {
	o := d.find(x.method, x.url.EscapedPath())
	if o != nil && o.Responses.Value("500") == nil { // what an app says of its routes is its own business
		return nil
	}
	if o == nil {
		if x.status == http.StatusNotFound || x.status == http.StatusMethodNotAllowed || x.status == http.StatusForbidden || x.method == http.MethodOptions ||
			strings.HasPrefix(x.url.Path, "/internal/") { // for tests of clients, and no part of the API
			return nil
		}
		return fmt.Errorf("%s %s, status %d: %w", x.method, x.url.Path, x.status, errNowhere)
	}
	if err := d.answer(o, x); err != nil {
		return fmt.Errorf("%s %s (%s), status %d: %w", o.method, o.path, x.url.RequestURI(), x.status, err)
	}
	if x.status >= 300 || x.hostile {
		return nil
	}
	if err := d.request(o, x); err != nil {
		return fmt.Errorf("%s %s (%s) was taken (%d), and the description forbids it: %w\n%.400s", o.method, o.path, x.url.RequestURI(), x.status, err, x.sent)
	}
	return nil
}

// find returns the operation of a path as it was written; of several that match, the one with the most words of its own.
func (d *description) find(method, path string) *described {
	parts := strings.Split(path, "/")
	var best *described
	most := -1
	for _, o := range d.operations {
		if o.method != method || len(o.parts) != len(parts) {
			continue
		}
		words := 0
		for i, part := range o.parts {
			if strings.HasPrefix(part, "{") && parts[i] != "" {
				continue
			}
			if part != parts[i] {
				words = -1
				break
			}
			words++
		}
		if words > most {
			best, most = o, words
		}
	}
	return best
}

// ownStatuses are those that the server answers by itself: that hooks may answer with any other does not excuse these.
var ownStatuses = []int{400, 401, 403, 404, 405, 409, 413, 422}

func (d *description) answer(o *described, x traffic) error {
	as := o.Responses.Value(fmt.Sprint(x.status))
	name := fmt.Sprint(x.status)
	if as == nil && x.status/100 == 4 && !slices.Contains(ownStatuses, x.status) {
		as, name = o.Responses.Value("4XX"), "4XX"
	}
	if as == nil {
		return fmt.Errorf("not described: %.200s", x.body)
	}
	reach(o, name)
	for name, header := range as.Value.Headers {
		if err := d.header(name, header.Value, x.header); err != nil {
			return err
		}
	}
	if len(as.Value.Content) == 0 {
		if len(x.body) > 0 {
			return fmt.Errorf("a body where none is described: %.200s", x.body)
		}
		return nil
	}
	kind, _, err := mime.ParseMediaType(x.header.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("Content-Type: %w", err)
	}
	content := as.Value.Content[kind]
	if content == nil {
		return fmt.Errorf("Content-Type %q is not described", kind)
	}
	if !x.whole || !strings.HasSuffix(kind, "json") {
		return nil
	}
	value, err := decoded(x.body)
	if err != nil {
		return err
	}
	return d.visit(whole(content.Schema.Value, x), value, openapi3.VisitAsResponse(), x.body)
}

// decoded is a body with its numbers as they are: some are beyond what a float64 holds.
func decoded(body []byte) (value any, err error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	if err := dec.Decode(&value); err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	return value, nil
}

// whole is the schema of what has all its fields, alone or in a list, unless the request has selected some.
func whole(s *openapi3.Schema, x traffic) *openapi3.Schema {
	unread := x.sent == nil && x.method != http.MethodGet // and so it may have selected
	if unread || bytes.Contains(x.sent, []byte(`"select"`)) || x.url.Query().Has("select") {
		return s
	}
	all := func(s *openapi3.Schema) *openapi3.SchemaRef {
		if len(s.AnyOf) == 2 && strings.Contains(s.AnyOf[1].Ref, "/Selected") {
			return s.AnyOf[0]
		}
		return nil
	}
	if one := all(s); one != nil {
		return one.Value
	}
	if s.Items == nil || all(s.Items.Value) == nil {
		return s
	}
	return &openapi3.Schema{Type: s.Type, Items: all(s.Items.Value)}
}

func (d *description) visit(s *openapi3.Schema, value any, as openapi3.SchemaValidationOption, text []byte) error {
	// Not as JSON Schema 2020-12, for which the library compiles a schema at each visit: the keywords that are used mean the same to both,
	// as TestDescriptionIsPlain sees to.
	err := s.VisitJSON(value, append(d.opts[:len(d.opts):len(d.opts)], as)...)
	if err == nil {
		return nil
	}
	if wrong, ok := err.(*openapi3.SchemaError); ok { //nolint:errorlint // the outermost is the one with the pointer
		return fmt.Errorf("at /%s: %s: %.300s", strings.Join(wrong.JSONPointer(), "/"), wrong.Reason, text)
	}
	return fmt.Errorf("%w: %.300s", err, text)
}

func (d *description) header(name string, h *openapi3.Header, got http.Header) error {
	values := got.Values(name)
	if len(values) == 0 {
		if h.Required {
			return fmt.Errorf("header %s is missing", name)
		}
		return nil
	}
	if len(values) > 1 {
		return fmt.Errorf("header %s comes %d times", name, len(values))
	}
	if !d.fits(h.Schema.Value, values[0]) {
		return fmt.Errorf("header %s: %q is not as described", name, values[0])
	}
	return nil
}

// fits tells whether a text stands for a value of the schema.
func (d *description) fits(s *openapi3.Schema, text string) bool {
	candidates := []any{text}
	if regexp.MustCompile(`^-?[0-9]+$`).MatchString(text) {
		var n float64
		if json.Unmarshal([]byte(text), &n) == nil {
			candidates = append(candidates, n)
		}
	}
	switch strings.ToLower(text) {
	case "true", "false", "1", "0", "yes", "no":
		candidates = append(candidates, true)
	case "": // absent
		return true
	}
	if s.Type.Is("array") {
		return d.fits(s.Items.Value, text)
	}
	for _, candidate := range candidates {
		if s.VisitJSON(candidate, d.opts...) == nil {
			return true
		}
	}
	return false
}

func (d *description) request(o *described, x traffic) error {
	for name, values := range x.url.Query() {
		p := o.query[name]
		if p == nil { // ignored, as fields are
			continue
		}
		for _, value := range values {
			if !d.fits(p.Schema.Value, value) {
				return fmt.Errorf("the parameter %s=%s", name, value)
			}
		}
	}
	for name, p := range o.query {
		if p.Required && !x.url.Query().Has(name) {
			return fmt.Errorf("the parameter %s is missing", name)
		}
	}
	switch {
	case x.sent == nil:
		return nil
	case o.RequestBody == nil:
		return nil // what is not read does no harm
	case len(bytes.TrimSpace(x.sent)) == 0, string(bytes.TrimSpace(x.sent)) == "null":
		if o.RequestBody.Value.Required {
			return fmt.Errorf("a body is required")
		}
		return nil
	}
	value, err := decoded(x.sent)
	if err != nil {
		return err
	}
	return d.visit(o.RequestBody.Value.Content["application/json"].Schema.Value, value, openapi3.VisitAsRequest(), x.sent)
}
