// Package openapi describes the served API: as OpenAPI 3.1 for programs, and as a page for people.
//
// A description is made of three things: the routes that the server has, which it is given; what each of them takes and answers, which the
// tables of this package say, one entry a route; and the structs of package wire, of which the schemas are derived. A route without an entry
// is an error, and so is an entry that says what the route cannot have, so the description cannot fall behind the server:
//
//	made, err := openapi.New(openapi.Config{Version: "1.2.3", Routes: routes})
//	made.JSON // GET /openapi.json
//
// To describe a new route, add an [Operation] to the table of its group (operations_*.go), whose Route is the row's method and path. If it
// brings new types of package wire, name them in types.go. What every route has is not to be said again: parameters of the path, the
// refusals of authentication and hooks, 400, 413 and 422 of a body, 500 and 503, and the header X-Request-Id. The suites of package compat
// then hold every answer of the server against it.
//
// The version is 3.1 since its schemas are JSON Schema as the structs and the graphs have it, null included; 3.0 has a dialect of its own.
//
// The package does not serve: it knows no HTTP framework, no database and no hooks.
package openapi
