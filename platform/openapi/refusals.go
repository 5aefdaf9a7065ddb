package openapi

import "github.com/google/jsonschema-go/jsonschema"

// headers are those of answers. One that is required comes with every answer that names it.
func headers() map[string]*headerObject {
	located := &jsonschema.Schema{Type: "string", Pattern: "^/"}
	total, next := integer(0, 0), integer(1, 0)
	return map[string]*headerObject{
		"X-Request-Id":            {Description: "The request's id: the caller's, or one of the server.", Required: true, Schema: text()},
		"Locutory-Ignored-Fields": {Description: "Fields of the request that the server does not know. It comes with refusals, too.", Schema: text()},
		"Content-Location":        {Description: "The path of the run, below the mount prefix.", Required: true, Schema: located},
		"Location":                {Description: "Where to go on when the connection breaks: a path below the mount prefix.", Required: true, Schema: located},
		"X-Pagination-Total":      {Description: "How many rows match, on all pages.", Required: true, Schema: total},
		"X-Pagination-Next":       {Description: "The offset of the next page; absent on the last.", Schema: next},
		"Retry-After":             {Description: "Seconds to wait.", Schema: text()},
		"WWW-Authenticate":        {Description: "The credentials that are wanted.", Required: true, Schema: text()},
	}
}

// refusals are the answers that many routes have.
func refusals(hooks bool) map[string]*response {
	says := func(status int, text string, more ...string) *response {
		r := refuses(status, text).object(false)
		for _, name := range more {
			r.Headers[name] = &headerObject{Ref: "#/components/headers/" + name}
		}
		return r
	}
	out := map[string]*response{
		"Malformed":     says(400, "The body is not JSON, or what it says contradicts itself."),
		"Turned":        says(403, "A browser asks for a page of another site, or by a name that is not this machine's."),
		"TooLarge":      says(413, "The body is larger than the server reads."),
		"Unprocessable": says(422, "A parameter or a field is not as described; the detail names it."),
		"Failed":        says(500, "The server failed; its log says why, by the request's id."),
		"Unavailable":   says(503, "The server did not get to it in time; try again."),
	}
	if hooks {
		out["Unauthenticated"] = says(401, "Nobody known sent it.", "WWW-Authenticate")
		out["Forbidden"] = says(403, "The caller may not do this, or a browser asks for a page of another site.")
		out["Hidden"] = says(404, "There is nothing here for the caller.")
		out["Refused"] = says(400, "The operator's hooks refuse with a status of their own, as 402 or 429.")
	}
	return out
}
