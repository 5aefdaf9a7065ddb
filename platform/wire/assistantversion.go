package wire

// AssistantVersion is what an assistant was (rest.md 3.2). CreatedAt is when the version was made.
type AssistantVersion struct {
	AssistantID string  `json:"assistant_id"`
	GraphID     string  `json:"graph_id"`
	Name        string  `json:"name"`
	Description *string `json:"description"`
	Config      Config  `json:"config"`
	Context     Object  `json:"context"`
	Metadata    Object  `json:"metadata"`
	Version     int     `json:"version"`
	CreatedAt   Time    `json:"created_at"`
}
