package platform

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/locutory/locutory/platform/config"
	"github.com/locutory/locutory/platform/openapi"
)

// securityOf is what platform.json says of credentials; nil when it does not.
func securityOf(file *config.Config) *openapi.Security {
	if file.Auth == nil || file.Auth.OpenAPI == nil {
		return nil
	}
	said := file.Auth.OpenAPI
	out := &openapi.Security{Schemes: said.Schemes, Requirements: requirements(said.Security), Paths: map[string]map[string][]openapi.Requirement{}}
	for path, methods := range said.Paths {
		out.Paths[path] = map[string][]openapi.Requirement{}
		for method, list := range methods {
			out.Paths[path][method] = requirements(list)
		}
	}
	return out
}

func requirements(list []map[string][]string) []openapi.Requirement {
	out := make([]openapi.Requirement, len(list))
	for i, one := range list {
		out[i] = one
	}
	return out
}

// described is what an app says of its routes.
func (a App) described() ([]openapi.Fragment, error) {
	if len(a.OpenAPI) == 0 {
		return nil, nil
	}
	f := openapi.Fragment{From: "http.app: OpenAPI"}
	if err := json.Unmarshal(a.OpenAPI, &f); err != nil {
		return nil, fmt.Errorf("http.app: OpenAPI: %w", err)
	}
	for _, text := range a.Public {
		method, path, _ := strings.Cut(text, " ")
		path = strings.NewReplacer("...}", "}", "{$}", "").Replace(path) // as OpenAPI writes it
		var item, operation map[string]json.RawMessage
		if json.Unmarshal(f.Paths[path], &item) != nil || json.Unmarshal(item[strings.ToLower(method)], &operation) != nil || operation == nil {
			continue // it is not described, or wrongly, which the document tells
		}
		if operation["security"] == nil {
			operation["security"] = json.RawMessage("[]")
		}
		var err error
		if item[strings.ToLower(method)], err = json.Marshal(operation); err == nil {
			f.Paths[path], err = json.Marshal(item)
		}
		if err != nil {
			return nil, fmt.Errorf("http.app: OpenAPI: %s: %w", text, err)
		}
	}
	return []openapi.Fragment{f}, nil
}
