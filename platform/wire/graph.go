package wire

import "encoding/json"

// GraphSchemas is the answer of /assistants/{id}/schemas, and without GraphID an entry of /subgraphs.
// A schema that cannot be derived is nil, which is null.
type GraphSchemas struct {
	GraphID string          `json:"graph_id,omitempty"`
	Input   json.RawMessage `json:"input_schema"`
	Output  json.RawMessage `json:"output_schema"`
	State   json.RawMessage `json:"state_schema"`
	Config  json.RawMessage `json:"config_schema"`
	Context json.RawMessage `json:"context_schema"`
}

// Drawing is the answer of /assistants/{id}/graph (streaming.md 4.1).
type Drawing struct {
	Nodes []DrawnNode `json:"nodes"`
	Edges []DrawnEdge `json:"edges"`
}

// MarshalJSON writes [] for what is nil.
func (d Drawing) MarshalJSON() ([]byte, error) {
	type plain Drawing
	d.Nodes, d.Edges = orEmpty(d.Nodes), orEmpty(d.Edges)
	return json.Marshal(plain(d))
}

// DrawnNode is a node. Data is a string for schema nodes (start and end), else an object {id, name}.
type DrawnNode struct {
	ID       string          `json:"id"`
	Type     string          `json:"type"` // "schema" or "runnable"
	Data     json.RawMessage `json:"data"`
	Metadata Object          `json:"metadata,omitempty"`
}

// DrawnEdge is an edge. It has these keys and no other: clients expand it as keyword arguments.
type DrawnEdge struct {
	Source      string `json:"source"`
	Target      string `json:"target"`
	Data        string `json:"data,omitempty"` // a label, when it differs from the target
	Conditional bool   `json:"conditional,omitempty"`
}
