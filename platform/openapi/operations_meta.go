package openapi

import (
	"net/http"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/locutory/locutory/platform/wire"
)

func metaOperations() []Operation {
	return []Operation{
		{
			Route: "GET /ok", ID: "getOK", Does: "Ask whether the server serves",
			Note:       "It stays when the other routes of its group are disabled.",
			Parameters: []Parameter{flag("check_db", "Ask the database, too.")},
			Answers:    []Answer{gives("It does.", of[wire.OK]())},
		},
		{
			Route: "GET /", ID: "getRoot", Does: "Ask whether the server serves, at its root",
			Parameters: []Parameter{flag("check_db", "Ask the database, too.")},
			Answers:    []Answer{gives("It does.", of[wire.OK]())},
		},
		{
			Route: "GET /metrics", ID: "getMetrics", Does: "Get the server's numbers",
			Note:       "For its operator; without LOCUTORY_METRICS_TOKEN only where nobody has to authenticate.",
			Parameters: []Parameter{query("format", "prometheus when absent.", &jsonschema.Schema{Type: "string", Enum: []any{"prometheus", "json"}})},
			Answers: []Answer{
				{Status: http.StatusOK, Says: "The numbers, in the format of Prometheus or as JSON.", Content: "text/plain", schema: text(), Also: asJSON},
				refuses(http.StatusUnauthorized, "It wants the operator's token."), refuses(http.StatusForbidden, "There is no token, and users exist."),
			},
		},
		{
			Route: "GET /info", ID: "getInfo", Does: "Ask what the server is",
			Answers: []Answer{gives("Its version, and what it can do.", of[wire.Info]())},
		},
		{
			Route: "GET /openapi.json", ID: "getOpenAPI", Does: "Get this description",
			Answers: []Answer{gives("OpenAPI 3.1.", object())},
		},
		{
			Route: "GET /docs", ID: "getDocs", Does: "Read this description",
			Answers: []Answer{{Status: http.StatusOK, Says: "A page.", Content: "text/html", schema: text()}},
		},
		{
			Route: "GET /platform.schema.json", ID: "getPlatformSchema", Does: "Get the JSON Schema of platform.json",
			Note:    "An editor that is told of it completes and checks the file.",
			Answers: []Answer{{Status: http.StatusOK, Says: "JSON Schema, draft 2020-12.", Content: "application/schema+json", schema: object()}},
		},
	}
}
