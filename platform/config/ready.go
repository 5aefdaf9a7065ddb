package config

import "encoding/json"

// Ready is what a server tells the development server when it can serve: one line of JSON into the pipe EnvReadyFD.
// It carries the facts that only the running server knows; they are shown to people as they are.
type Ready struct {
	Ready  bool         `json:"ready"`
	Graphs []ReadyGraph `json:"graphs"`
	Auth   []ReadyRule  `json:"auth"`
	// Unhandled says what happens to events without a rule, such as "the rest is denied".
	Unhandled string `json:"unhandled,omitempty"`
	Database  string `json:"database"`
	// Studio is the path of the embedded UI, with its token; empty when there is none.
	Studio string `json:"studio,omitempty"`
}

// ReadyGraph is a graph that is served. In JSON it may be the id alone.
type ReadyGraph struct {
	ID string `json:"id"`
	// Note is what a person may want to know of it, such as its model.
	Note string `json:"note,omitempty"`
	// Error is why the graph answers 503.
	Error string `json:"error,omitempty"`
}

// ReadyRule is a rule of the hooks. In JSON it may be the event alone.
type ReadyRule struct {
	Event string `json:"event"`          // such as *:* or threads:search
	Rule  string `json:"rule,omitempty"` // such as OwnerOnly("owner")
	At    string `json:"at,omitempty"`   // file:line
}

// UnmarshalJSON takes an object or the id alone.
func (g *ReadyGraph) UnmarshalJSON(data []byte) error {
	type object ReadyGraph
	if isText(data) {
		return json.Unmarshal(data, &g.ID)
	}
	return json.Unmarshal(data, (*object)(g))
}

// UnmarshalJSON takes an object or the event alone.
func (r *ReadyRule) UnmarshalJSON(data []byte) error {
	type object ReadyRule
	if isText(data) {
		return json.Unmarshal(data, &r.Event)
	}
	return json.Unmarshal(data, (*object)(r))
}

func isText(data []byte) bool { return len(data) > 0 && data[0] == '"' }
