package openapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

//go:embed page.js
var pageScript string

// page is what the template shows.
type page struct {
	Info        info
	Prefix      string
	First       []pageFirst
	Groups      []pageGroup
	Schemas     []pageSchema
	Credentials []pageCredential
	Style       template.CSS
	Script      template.JS
}

type pageGroup struct {
	Name       string
	Operations []pageOperation
}

// pageOperation keeps the answers of its own apart from those that many routes have. Twin is the operation of the same path without
// the slash at its end, which this one repeats; Plain is that path with its method.
type pageOperation struct {
	*operation
	Method, Path string
	Open         bool
	Body         []typePart
	Own, Common  []pageAnswer
	Twin, Plain  string
}

// pageFirst leads to a route that newcomers need first.
type pageFirst struct{ Says, ID, Text, After string }

type pageAnswer struct {
	Status string
	*response
	Kind  string
	Type  []typePart
	Names []string
}

type pageSchema struct {
	Name string
	*jsonschema.Schema
	Type   []typePart
	Fields []pageField
}

type pageField struct {
	Name, Says string
	Required   bool
	Type       []typePart
}

type pageCredential struct {
	Name, Says, Kind string
}

// render makes the page. It needs nothing but itself: no script, style or font of others.
func render(cfg Config, doc *document) ([]byte, error) {
	view := page{Info: doc.Info, Prefix: cfg.MountPrefix, Style: template.CSS(pageStyle), Script: template.JS(pageScript)}
	view.Groups, view.First = doc.groups(cfg.Hooks), doc.first()
	for _, name := range sortedKeys(doc.Components.schemas) {
		s := doc.Components.schemas[name]
		view.Schemas = append(view.Schemas, pageSchema{Name: name, Schema: s, Type: typeOf(s), Fields: fieldsOf(s)})
	}
	for _, name := range sortedKeys(doc.Components.SecuritySchemes) {
		var scheme struct{ Type, Scheme, In, Name, Description string }
		if err := json.Unmarshal(doc.Components.SecuritySchemes[name], &scheme); err != nil {
			return nil, err
		}
		kind := strings.TrimSpace(scheme.Type + " " + scheme.Scheme)
		if scheme.Name != "" {
			kind += ": " + scheme.In + " " + scheme.Name
		}
		view.Credentials = append(view.Credentials, pageCredential{name, scheme.Description, kind})
	}
	made, err := template.New("docs").Parse(pageText)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = made.Execute(&out, view)
	return out.Bytes(), err
}

// PagePolicy is the Content-Security-Policy of the page: its own style and script, and nothing from anywhere.
func PagePolicy() string {
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}
	return "default-src 'none'; style-src " + hash(pageStyle) + "; script-src " + hash(pageScript) + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

// shown is an operation as the page shows it.
func (d *document) shown(o *operation, hooks bool) pageOperation {
	out := pageOperation{operation: o, Method: o.method, Path: o.path, Open: hooks && o.Security != nil && len(*o.Security) == 0}
	if o.RequestBody != nil {
		out.Body = typeOf(o.RequestBody.Content[asJSON].Schema)
	}
	for _, status := range sortedKeys(o.Responses) {
		r := o.Responses[status]
		if r != nil && r.Ref != "" {
			r = d.Components.Responses[r.Ref[strings.LastIndex(r.Ref, "/")+1:]]
		}
		if r == nil { // of a fragment
			continue
		}
		a := pageAnswer{Status: status, response: r}
		for _, name := range sortedKeys(r.Headers) {
			if name != "X-Request-Id" && name != "Locutory-Ignored-Fields" { // which the page's head names
				a.Names = append(a.Names, name)
			}
		}
		for kind, content := range r.Content {
			a.Kind, a.Type = kind, typeOf(content.Schema)
		}
		if o.Responses[status].Ref != "" && status[0] != '2' {
			out.Common = append(out.Common, a)
		} else {
			out.Own = append(out.Own, a)
		}
	}
	return out
}

// Parts are a path's pieces, between which a line may break.
func (o pageOperation) Parts() []string { return strings.SplitAfter(o.Path, "/") }

// Types shows a parameter's type.
func (p parameter) Types() []typePart { return typeOf(p.Schema) }
