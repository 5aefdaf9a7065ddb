package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Security is what an operator says about credentials.
type Security struct {
	// Schemes are security scheme objects of OpenAPI, by name.
	Schemes map[string]json.RawMessage
	// Requirements hold for all routes that are not public, any one of them.
	Requirements []Requirement
	// Paths are the exceptions, by path and method: "/threads/{thread_id}", "GET".
	Paths map[string]map[string][]Requirement
}

// knowable is what can be known without the operator's word: that there is an authenticator, and how clients of this protocol send what
// they have. What it really wants only its code says.
func knowable() *Security {
	const but = " The server's own authenticator decides what it accepts; it may want other credentials than these."
	scheme := func(v map[string]string) json.RawMessage {
		data, _ := json.Marshal(v) // strings always have a JSON form
		return data
	}
	return &Security{
		Schemes: map[string]json.RawMessage{
			"bearer": scheme(map[string]string{"type": "http", "scheme": "bearer", "description": "As most clients send a token." + but}),
			"apiKey": scheme(map[string]string{"type": "apiKey", "in": "header", "name": "x-api-key", "description": "As LangGraph's clients send a key." + but}),
		},
		Requirements: []Requirement{{"bearer": {}}, {"apiKey": {}}},
	}
}

// secure says which credentials the operations need.
func (d *document) secure(cfg Config) error {
	s := cfg.Security
	if s == nil && cfg.Hooks {
		s = knowable()
	}
	if err := d.secureOperator(cfg, s); err != nil || s == nil {
		return err
	}
	if d.Components.SecuritySchemes == nil {
		d.Components.SecuritySchemes = map[string]json.RawMessage{}
	}
	maps.Copy(d.Components.SecuritySchemes, s.Schemes)
	d.Security = s.Requirements
	var wrong []error
	for _, path := range sortedKeys(s.Paths) {
		for _, method := range sortedKeys(s.Paths[path]) {
			o := d.find(method, path)
			if o == nil {
				wrong = append(wrong, fmt.Errorf("auth.openapi.paths: nothing is served at %s %s", strings.ToUpper(method), path))
				continue
			}
			required := s.Paths[path][method]
			o.Security = &required
		}
	}
	return errors.Join(wrong...)
}

// secureOperator says what operators need for what is theirs.
func (d *document) secureOperator(cfg Config, s *Security) error {
	const name = "operator"
	if !cfg.OperatorToken || !slices.ContainsFunc(cfg.Routes, func(r Route) bool { return r.Operator }) {
		return nil
	}
	if s != nil && s.Schemes[name] != nil {
		return fmt.Errorf("auth.openapi.securitySchemes.%s: the server has one of this name itself", name)
	}
	d.Components.SecuritySchemes = map[string]json.RawMessage{
		name: json.RawMessage(`{"type": "http", "scheme": "bearer", "description": "LOCUTORY_METRICS_TOKEN."}`),
	}
	for i, o := range d.operations {
		if cfg.Routes[i].Operator {
			o.Security = &[]Requirement{{name: {}}}
		}
	}
	return nil
}

func (d *document) find(method, path string) *operation {
	for _, o := range d.operations {
		if strings.EqualFold(o.method, method) && o.path == path {
			return o
		}
	}
	return nil
}
