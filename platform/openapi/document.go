package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/google/jsonschema-go/jsonschema"
)

// Config says what is served.
type Config struct {
	// Version is the server's.
	Version string
	// MountPrefix stands before every path, "/v1"; empty for none.
	MountPrefix string
	// Routes are those that are served, in the order of the page.
	Routes []Route
	// Hooks tells whether callers are authenticated and hooks are asked.
	Hooks bool
	// OperatorToken tells whether there is a token for operators.
	OperatorToken bool
	// Security is what the operator says about credentials; nil for what can be known without.
	Security *Security
	// More are paths that are not in the table, as of custom routes.
	More []Fragment
}

// Document is a description, ready to be served.
type Document struct {
	// JSON is the OpenAPI document.
	JSON []byte
	page func() ([]byte, error)
}

// Page is the document for people: HTML that needs nothing else. It is made when it is first asked for.
func (d *Document) Page() ([]byte, error) { return d.page() }

// New describes what is served. A route without an [Operation] is an error, and so is a [Fragment] that collides with a route.
func New(cfg Config) (*Document, error) {
	doc, err := describe(cfg)
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	data, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	return &Document{JSON: data, page: sync.OnceValues(func() ([]byte, error) { return render(cfg, doc) })}, nil
}

// The objects of OpenAPI 3.1, as far as they are needed.
type (
	document struct {
		OpenAPI    string                     `json:"openapi"`
		Info       info                       `json:"info"`
		Servers    []server                   `json:"servers"`
		Tags       []tag                      `json:"tags"`
		Security   []Requirement              `json:"security,omitempty"`
		Paths      map[string]json.RawMessage `json:"paths"`
		Components components                 `json:"components"`

		operations []*operation
	}
	info struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		Version     string `json:"version"`
	}
	server struct {
		URL string `json:"url"`
	}
	tag struct {
		Name string `json:"name"`
	}
	components struct {
		Schemas         map[string]json.RawMessage `json:"schemas"`
		Headers         map[string]*headerObject   `json:"headers"`
		Responses       map[string]*response       `json:"responses"`
		SecuritySchemes map[string]json.RawMessage `json:"securitySchemes,omitempty"`

		schemas map[string]*jsonschema.Schema
	}
	operation struct {
		ID          string               `json:"operationId"`
		Tags        []string             `json:"tags"`
		Summary     string               `json:"summary"`
		Description string               `json:"description,omitempty"`
		Parameters  []parameter          `json:"parameters,omitempty"`
		RequestBody *requestBody         `json:"requestBody,omitempty"`
		Responses   map[string]*response `json:"responses"`
		// Security is nil for what holds everywhere.
		Security *[]Requirement `json:"security,omitempty"`

		method, path string
	}
	parameter struct {
		Name        string             `json:"name"`
		In          string             `json:"in"`
		Description string             `json:"description,omitempty"`
		Required    bool               `json:"required,omitempty"`
		Schema      *jsonschema.Schema `json:"schema"`
	}
	requestBody struct {
		Description string           `json:"description,omitempty"`
		Required    bool             `json:"required,omitempty"`
		Content     map[string]media `json:"content"`
	}
	media struct {
		Schema *jsonschema.Schema `json:"schema"`
	}
	response struct {
		Ref         string                   `json:"$ref,omitempty"`
		Description string                   `json:"description,omitempty"`
		Headers     map[string]*headerObject `json:"headers,omitempty"`
		Content     map[string]media         `json:"content,omitempty"`
	}
	headerObject struct {
		Ref         string             `json:"$ref,omitempty"`
		Description string             `json:"description,omitempty"`
		Required    bool               `json:"required,omitempty"`
		Schema      *jsonschema.Schema `json:"schema,omitempty"`
	}
)

// Requirement names security schemes that are needed together, each with its scopes.
type Requirement map[string][]string

func describe(cfg Config) (*document, error) {
	known, err := operations()
	if err != nil {
		return nil, err
	}
	parts, err := schemas()
	if err != nil {
		return nil, err
	}
	doc := &document{
		OpenAPI: "3.1.0",
		Info:    info{Title: "Locutory", Description: about(cfg), Version: cfg.Version},
		Servers: []server{{URL: cfg.MountPrefix + "/"}},
		Components: components{
			schemas: parts.typed, Schemas: maps.Clone(parts.written), Headers: headers(), Responses: refusals(cfg.Hooks),
		},
	}
	if cfg.MountPrefix != "" {
		doc.Servers[0].URL = cfg.MountPrefix
	}
	var missing []error
	for _, route := range cfg.Routes {
		o, ok := known[route.Method+" "+route.Path]
		if !ok {
			missing = append(missing, fmt.Errorf("%s %s is not described; add an Operation to platform/openapi", route.Method, route.Path))
			continue
		}
		doc.operations = append(doc.operations, o.object(route, cfg.Hooks))
		if !slices.Contains(doc.Tags, tag{route.Group}) {
			doc.Tags = append(doc.Tags, tag{route.Group})
		}
	}
	if err := errors.Join(missing...); err != nil {
		return nil, err
	}
	if err := doc.secure(cfg); err != nil {
		return nil, err
	}
	if err := doc.fill(); err != nil {
		return nil, err
	}
	return doc, doc.merge(cfg.More)
}

func about(cfg Config) string {
	text := "An agent server that speaks the LangGraph Agent Server's protocol. Unknown fields of requests are ignored, and listed in the " +
		"header Locutory-Ignored-Fields; null is as good as absent where nothing else is said, for a whole body too."
	if cfg.Hooks {
		text += " The server asks its operator's own hooks who a caller is and which rows are the caller's; what is not, is not there (404)."
	}
	return text
}

// fill makes the paths of the operations.
func (d *document) fill() error {
	paths := map[string]map[string]*operation{}
	for _, o := range d.operations {
		if paths[o.path] == nil {
			paths[o.path] = map[string]*operation{}
		}
		paths[o.path][strings.ToLower(o.method)] = o
	}
	d.Paths = map[string]json.RawMessage{}
	for path, item := range paths {
		var err error
		if d.Paths[path], err = json.Marshal(item); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	return nil
}

// param finds the parameters of a router's path.
var param = regexp.MustCompile(`[:*]([A-Za-z_]+)`)

// object is an operation with what every route has.
func (o Operation) object(route Route, hooks bool) *operation {
	out := &operation{
		ID: o.ID, Tags: []string{route.Group}, Summary: o.Does, Description: o.Note,
		method: route.Method, path: param.ReplaceAllString(route.Path, "{$1}"), Responses: map[string]*response{},
	}
	inPath := param.FindAllStringSubmatch(route.Path, -1)
	for _, name := range inPath {
		out.Parameters = append(out.Parameters, pathParameter(name[1]))
	}
	for _, p := range o.Parameters {
		out.Parameters = append(out.Parameters, parameter{Name: p.Name, In: p.In, Description: p.Says, Required: p.Required, Schema: p.Schema})
	}
	if o.Body != nil {
		out.RequestBody = &requestBody{Description: o.Body.Says, Required: o.Body.Required, Content: map[string]media{asJSON: {o.Body.schema}}}
	}
	for status, name := range o.common(route, len(inPath) > 0, hooks) {
		out.Responses[status] = &response{Ref: "#/components/responses/" + name}
		if o.RPC {
			r := *refusals(hooks)[name]
			r.Content = map[string]media{asJSON: {failed(true)}}
			out.Responses[status] = &r
		}
	}
	for _, a := range o.Answers {
		out.Responses[strconv.Itoa(a.Status)] = a.object(o.Body != nil && !o.RPC)
	}
	if hooks && (route.Public || route.Operator) {
		out.Security = &[]Requirement{}
	}
	return out
}

// common are the refusals that come of what a route is: status to component.
func (o Operation) common(route Route, inPath, hooks bool) map[string]string {
	out := map[string]string{"500": "Failed"}
	if !hooks || route.Method != http.MethodGet {
		out["403"] = "Turned" // pages of other sites, and of other names of this machine
	}
	if !route.Public && !route.Operator {
		out["503"] = "Unavailable"
		if hooks {
			out["401"], out["403"], out["404"], out["4XX"] = "Unauthenticated", "Forbidden", "Hidden", "Refused"
		}
	}
	if o.Silent {
		delete(out, "404")
	}
	if o.Body != nil {
		out["400"], out["413"] = "Malformed", "TooLarge"
	}
	checked := inPath || o.Body != nil
	for _, p := range o.Parameters {
		checked = checked || p.Schema.Type != "boolean" && p.Name != "include" && p.Name != "Prefer"
	}
	if checked && !o.Lenient {
		out["422"] = "Unprocessable"
	}
	return out
}

func (a Answer) object(hasBody bool) *response {
	out := &response{Description: a.Says, Headers: map[string]*headerObject{"X-Request-Id": {Ref: "#/components/headers/X-Request-Id"}}}
	if a.Content != "" {
		out.Content = map[string]media{a.Content: {a.schema}}
	}
	if a.Also != "" {
		out.Content[a.Also] = media{&jsonschema.Schema{}}
	}
	if a.Streams {
		out.Content[asSSE] = media{text()}
	}
	if hasBody {
		out.Headers["Locutory-Ignored-Fields"] = &headerObject{Ref: "#/components/headers/Locutory-Ignored-Fields"}
	}
	if a.Status == http.StatusServiceUnavailable {
		out.Headers["Retry-After"] = &headerObject{Ref: "#/components/headers/Retry-After"}
	}
	for _, h := range a.Headers {
		out.Headers[h.Name] = &headerObject{Ref: "#/components/headers/" + h.Name}
	}
	return out
}

func pathParameter(name string) parameter {
	p := parameter{Name: name, In: "path", Required: true, Schema: text()}
	switch {
	case name == "assistant_id":
		p.Description = "The assistant's id, or a graph's."
	case name == "namespace":
		p.Description = "The nodes that lead to it, joined by |."
	case strings.HasSuffix(name, "_id"):
		p.Schema.Format = "uuid"
	}
	return p
}

// sortedKeys are a map's keys in order.
func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
