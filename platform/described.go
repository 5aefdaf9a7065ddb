package platform

import (
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
