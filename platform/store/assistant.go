package store

import (
	"encoding/json"
	"fmt"
	"time"
)

// Assistant is a row of assistants. JSON fields are never nil.
type Assistant struct {
	ID          string
	GraphID     string
	Name        string
	Description *string
	Metadata    JSON
	Owned       []string // the keys of Metadata that a hook has stamped
	Config      JSON
	Context     JSON
	Version     int
	System      bool // made by the server of a graph: a column, which no metadata forges (R-24, H-37)

	CreatedAt, UpdatedAt time.Time
}

// AssistantVersion is what an assistant was. Metadata has no owned keys: to go back to a version changes no owner (H-22).
type AssistantVersion struct {
	AssistantID string
	Version     int
	GraphID     string
	Name        string
	Description *string
	Metadata    JSON
	Config      JSON
	Context     JSON
	CreatedAt   time.Time
}

// AssistantNew is an assistant that is to be made. Metadata is the client's, as the hook left it.
type AssistantNew struct {
	ID          string // "": a new one; else a UUID
	GraphID     string
	Name        string
	Description *string
	Metadata    map[string]any
	Config      JSON   // nil: {}
	Context     JSON   // nil: {}
	IfExists    string // raise, which "" is too, or do_nothing
}

// AssistantPatch is what is changed of an assistant; nil leaves a field as it is. Keys of Metadata are merged into the row's.
type AssistantPatch struct {
	GraphID     *string
	Name        *string
	Description *string
	Metadata    map[string]any
	Config      JSON
	Context     JSON
	// Configurable replaces that part of the config alone. It is of no account when Config is set.
	Configurable JSON
}

// SystemAssistant is an assistant that the server makes of a graph.
type SystemAssistant struct {
	ID          string // a UUID that follows from the graph's name (rest.md 3.1)
	GraphID     string
	Name        string
	Description *string
	Config      JSON // of a new row; nil: {}
	Context     JSON // of a new row; nil: {}
}

// assistantColumns are the columns of an Assistant, of assistants AS t, in the order of [scanAssistant].
const assistantColumns = `t.id, t.graph_id, t.name, t.description, t.metadata, t.owned, t.config, t.context, t.version, t.is_system,
	t.created_at, t.updated_at`

func scanAssistant(r row) (Assistant, error) {
	var (
		a                Assistant
		owned            raw
		created, updated moment
	)
	err := r.Scan(&a.ID, &a.GraphID, &a.Name, &a.Description, (*raw)(&a.Metadata), &owned, (*raw)(&a.Config), (*raw)(&a.Context),
		&a.Version, &a.System, &created, &updated)
	if err != nil {
		return Assistant{}, found(err)
	}
	if err := json.Unmarshal(owned, &a.Owned); err != nil {
		return Assistant{}, fmt.Errorf("owned keys: %w", err)
	}
	a.CreatedAt, a.UpdatedAt = created.Time, updated.Time
	return a, nil
}

// versionColumns are the columns of an AssistantVersion, of assistant_versions AS h, in the order of [scanVersion].
const versionColumns = "h.assistant_id, h.version, h.graph_id, h.name, h.description, h.metadata, h.config, h.context, h.created_at"

func scanVersion(r row) (AssistantVersion, error) {
	var (
		v       AssistantVersion
		created moment
	)
	err := r.Scan(&v.AssistantID, &v.Version, &v.GraphID, &v.Name, &v.Description, (*raw)(&v.Metadata), (*raw)(&v.Config),
		(*raw)(&v.Context), &created)
	v.CreatedAt = created.Time
	return v, found(err)
}

// orEmpty is the JSON of an object that may be left out.
func orEmpty(j JSON) JSON {
	if len(j) == 0 || string(j) == "null" {
		return JSON("{}")
	}
	return j
}
