package wire

// Truncate is the body of POST /internal/truncate, which servers have for tests alone.
type Truncate struct {
	Runs         bool `json:"runs"`
	Threads      bool `json:"threads"`
	Assistants   bool `json:"assistants"`
	Store        bool `json:"store"`
	Checkpointer bool `json:"checkpointer"`
}
