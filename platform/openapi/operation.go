package openapi

import (
	"net/http"
	"reflect"

	"github.com/google/jsonschema-go/jsonschema"
)

// Route is a row of the server's table, as far as its description needs it. Path is as the router writes it, /threads/:thread_id.
type Route struct {
	Method, Path, Group string
	// Public routes ask nobody for credentials.
	Public bool
	// Operator routes are for who runs the server: they ask for a token of their own, and no hook.
	Operator bool
}

// Operation says what a route takes and answers, beyond what every route does.
type Operation struct {
	// Route is the method and the path of the row: "GET /threads/:thread_id".
	Route string
	// ID is unique: clients are generated with methods of this name.
	ID string
	// Does is one line, Note more if there is more to say.
	Does, Note string
	Parameters []Parameter
	// Body is nil for an operation that reads none.
	Body    *Body
	Answers []Answer
	// RPC operations refuse in the form of JSON-RPC, too. Lenient ones check neither parameters nor fields: what is not meant is not found,
	// or told in an answer of 200.
	// Silent ones do not even tell that nothing is here for the caller: they answer as if it were not there.
	RPC, Lenient, Silent bool
}

// Parameter is one of the query or a header; those of the path come from the route.
type Parameter struct {
	Name, In, Says string
	Required       bool
	Schema         *jsonschema.Schema
}

// Body is what a request carries: JSON, whatever its Content-Type says.
type Body struct {
	Says string
	// Required bodies have fields that must be there; an absent body reads as {}.
	Required bool
	schema   *jsonschema.Schema
}

// Answer is what a status comes with. Content is the media type, empty for no body.
type Answer struct {
	Status  int
	Says    string
	Content string
	// Streams tells that server-sent events may come in place of Content.
	Streams bool
	// Also is another media type that may come, of which nothing is said.
	Also    string
	Headers []Header
	schema  *jsonschema.Schema
}

// Header names a header of an answer, one of those that headers lists.
type Header struct{ Name string }

const (
	asJSON = "application/json"
	asSSE  = "text/event-stream"
)

// ref is a schema of the components.
func ref(name string) *jsonschema.Schema {
	return &jsonschema.Schema{Ref: "#/components/schemas/" + name}
}

// of refers to the schema of a type of package wire, which must be in the list of types.
func of[T any]() *jsonschema.Schema { return ref(nameOf(reflect.TypeFor[T]())) }

func listOf(s *jsonschema.Schema) *jsonschema.Schema {
	return &jsonschema.Schema{Type: "array", Items: s}
}

// selection is an array whose elements are whole, or have only the fields that the request selects.
func selection[T any]() *jsonschema.Schema { return listOf(selected[T]()) }

// selected is whole, or has only the fields that the request selects.
func selected[T any]() *jsonschema.Schema {
	return &jsonschema.Schema{AnyOf: []*jsonschema.Schema{of[T](), ref("Selected" + nameOf(reflect.TypeFor[T]()))}}
}

// takes is a body of a type of package wire.
func takes[T any](says string) *Body { return &Body{Says: says, schema: of[T]()} }

func (b *Body) needed() *Body {
	b.Required = true
	return b
}

// gives is an answer of 200 with JSON.
func gives(says string, s *jsonschema.Schema, headers ...Header) Answer {
	return Answer{Status: http.StatusOK, Says: says, Content: asJSON, Headers: headers, schema: s}
}

// streams is an answer of 200 with server-sent events.
func streams(says string, headers ...Header) Answer {
	return Answer{Status: http.StatusOK, Says: says, Content: asSSE, Headers: headers, schema: &jsonschema.Schema{Type: "string"}}
}

// nothing is an answer without a body.
func nothing(status int, says string, headers ...Header) Answer {
	return Answer{Status: status, Says: says, Headers: headers}
}

// failed is the schema of a refusal.
func failed(rpc bool) *jsonschema.Schema {
	if rpc {
		return anyOf(ref("RPCFailure"), ref("Error"))
	}
	return ref("Error")
}

// refuses is an answer that says why not.
func refuses(status int, says string) Answer {
	return Answer{Status: status, Says: says, Content: asJSON, schema: failed(false)}
}

func has(name string) Header { return Header{name} }

// query is a parameter of the query.
func query(name, says string, s *jsonschema.Schema) Parameter {
	return Parameter{Name: name, In: "query", Says: says, Schema: s}
}

func flag(name, says string) Parameter {
	return query(name, says, &jsonschema.Schema{Type: "boolean"})
}

// header is a header of a request.
func header(name, says string, s *jsonschema.Schema) Parameter {
	return Parameter{Name: name, In: "header", Says: says, Schema: s}
}

func text() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }

func integer(least, most float64) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "integer", Minimum: &least}
	if most > 0 {
		s.Maximum = &most
	}
	return s
}

// words is a list that may be repeated, comma separated, or a JSON array in one value.
func words() *jsonschema.Schema { return listOf(text()) }
