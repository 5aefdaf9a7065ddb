package wire

// OK is the answer of /ok.
type OK struct {
	OK bool `json:"ok"`
	// Services says how what the server stands on does, when that was asked for.
	Services map[string]string `json:"services,omitempty"`
}

// Info is the answer of /info. Tools detect a server of this kind by LanggraphVersion and Flags (rest.md 8.1).
type Info struct {
	Version          string          `json:"version"`
	LanggraphVersion string          `json:"langgraph_py_version"`
	Flags            map[string]bool `json:"flags"`
	Host             Host            `json:"host"`
	Metadata         Object          `json:"metadata"`
}

// Host says where a server runs. The ids are null outside of a hosting platform.
type Host struct {
	Kind       string  `json:"kind"`
	ProjectID  *string `json:"project_id"`
	RevisionID *string `json:"revision_id"`
	TenantID   *string `json:"tenant_id"`
}
