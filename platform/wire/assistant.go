package wire

import (
	"errors"
	"slices"
)

// Assistant is a graph with its settings (rest.md 2.1).
type Assistant struct {
	AssistantID string  `json:"assistant_id"`
	GraphID     string  `json:"graph_id"`
	Name        string  `json:"name"`
	Description *string `json:"description"`
	Config      Config  `json:"config"`
	Context     Object  `json:"context"`
	Metadata    Object  `json:"metadata"`
	Version     int     `json:"version"`
	CreatedAt   Time    `json:"created_at"`
	UpdatedAt   Time    `json:"updated_at"`
}

// AssistantFields returns the names that a search may select.
func AssistantFields() []string {
	return []string{
		"assistant_id", "graph_id", "name", "description", "config", "context",
		"created_at", "updated_at", "metadata", "version",
	}
}

// AssistantCreate is the body of POST /assistants. GraphID is required; an absent id is made by the server.
type AssistantCreate struct {
	AssistantID string   `json:"assistant_id,omitzero"`
	GraphID     string   `json:"graph_id"`
	Name        string   `json:"name,omitzero"` // "Untitled" if absent
	Description *string  `json:"description,omitzero"`
	Config      Config   `json:"config,omitzero"`
	Context     Object   `json:"context,omitzero"`
	Metadata    Object   `json:"metadata,omitzero"`
	IfExists    IfExists `json:"if_exists,omitzero"`
}

// Validate checks what needs no database.
func (a *AssistantCreate) Validate() error {
	if a.GraphID == "" {
		return errors.New("graph_id is required")
	}
	return errors.Join(uuids("assistant_id", a.AssistantID), oneOf("if_exists", a.IfExists))
}

// AssistantPatch is the body of PATCH /assistants/{id}. Metadata is merged, all else replaces; nil and "" are
// absent. Every patch makes a version, an empty one too.
type AssistantPatch struct {
	GraphID     string  `json:"graph_id,omitzero"`
	Name        *string `json:"name,omitzero"`
	Description *string `json:"description,omitzero"`
	Config      *Config `json:"config,omitzero"`
	Context     Object  `json:"context,omitzero"`
	Metadata    Object  `json:"metadata,omitzero"`
}

// AssistantSort is a column that assistants can be sorted by.
type AssistantSort string

// The columns.
const (
	AssistantByID        AssistantSort = "assistant_id"
	AssistantByGraph     AssistantSort = "graph_id"
	AssistantByName      AssistantSort = "name"
	AssistantByCreatedAt AssistantSort = "created_at"
	AssistantByUpdatedAt AssistantSort = "updated_at"
)

func (AssistantSort) all() []AssistantSort {
	return []AssistantSort{AssistantByID, AssistantByGraph, AssistantByName, AssistantByCreatedAt, AssistantByUpdatedAt}
}

// Valid reports whether s is one of the constants.
func (s AssistantSort) Valid() bool { return slices.Contains(s.all(), s) }

// AssistantSearch is the body of POST /assistants/search. Name matches a part, in any case.
type AssistantSearch struct {
	Metadata  Object        `json:"metadata,omitzero"`
	GraphID   string        `json:"graph_id,omitzero"`
	Name      string        `json:"name,omitzero"`
	Limit     Limit         `json:"limit,omitzero"` // default 10
	Offset    Offset        `json:"offset,omitzero"`
	SortBy    AssistantSort `json:"sort_by,omitzero"` // default created_at
	SortOrder SortOrder     `json:"sort_order,omitzero"`
	Select    []string      `json:"select,omitzero"`
}

// Validate checks the enums and the selected names.
func (s *AssistantSearch) Validate() error {
	return errors.Join(oneOf("sort_by", s.SortBy), oneOf("sort_order", s.SortOrder), selected(s.Select, AssistantFields()))
}

// AssistantCount is the body of POST /assistants/count.
type AssistantCount struct {
	Metadata Object `json:"metadata,omitzero"`
	GraphID  string `json:"graph_id,omitzero"`
	Name     string `json:"name,omitzero"`
}

// AssistantVersions is the body of POST /assistants/{id}/versions.
type AssistantVersions struct {
	Metadata Object `json:"metadata,omitzero"`
	Limit    Limit  `json:"limit,omitzero"` // default 10
	Offset   Offset `json:"offset,omitzero"`
}

// AssistantLatest is the body of POST /assistants/{id}/latest.
type AssistantLatest struct {
	Version int `json:"version"`
}

// Validate refuses a missing version.
func (l *AssistantLatest) Validate() error {
	if l.Version < 1 {
		return errors.New("version: want an integer not below 1")
	}
	return nil
}
