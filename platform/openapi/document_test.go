package openapi_test

import (
	"context"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/locutory/locutory/platform/api"
	"github.com/locutory/locutory/platform/openapi"
)

// served are the rows of the server's table.
func served() []openapi.Route {
	var out []openapi.Route
	for _, r := range new(api.Server).Routes() {
		out = append(out, openapi.Route{Method: r.Method, Path: r.Path, Group: r.Group, Public: r.Public(), Operator: r.Operator()})
	}
	return out
}

// load reads a document as OpenAPI and checks all of it, by the rules of its version.
func load(t *testing.T, cfg openapi.Config) *openapi3.T {
	t.Helper()
	made, err := openapi.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(made.JSON)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestEveryRouteIsDescribed(t *testing.T) {
	t.Parallel()
	for _, hooks := range []bool{false, true} {
		doc := load(t, openapi.Config{Version: "1.2.3", Routes: served(), Hooks: hooks, OperatorToken: hooks})
		if doc.OpenAPI != "3.1.0" || doc.Info.Version != "1.2.3" {
			t.Errorf("openapi %s, version %s", doc.OpenAPI, doc.Info.Version)
		}
		n := 0
		for _, item := range doc.Paths.Map() {
			n += len(item.Operations())
		}
		if n != len(served()) {
			t.Errorf("%d operations for %d routes", n, len(served()))
		}
	}
	_, err := openapi.New(openapi.Config{Routes: []openapi.Route{{Method: "GET", Path: "/new", Group: "meta"}}})
	if err == nil || !strings.Contains(err.Error(), "GET /new is not described") {
		t.Errorf("a route without a description: %v", err)
	}
}
