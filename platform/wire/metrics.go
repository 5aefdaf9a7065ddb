package wire

// Metrics is the answer of GET /metrics?format=json: totals, and nothing of any one user's (rest.md §8.1, whose shape is open).
type Metrics struct {
	// Queue is null when the database could not be asked.
	Queue *QueueMetrics `json:"queue"`
	// Workers is null where no runs are executed.
	Workers *WorkerMetrics `json:"workers"`
	HTTP    []HTTPMetrics  `json:"http"`
	// Runs are those that ended in this process.
	Runs     []OutcomeMetrics `json:"runs"`
	Streams  int              `json:"streams"`
	Log      []OutcomeMetrics `json:"log"`
	Webhooks []OutcomeMetrics `json:"webhooks"`
	Crons    []OutcomeMetrics `json:"crons"`
	Database []PoolMetrics    `json:"database"`
}

// QueueMetrics are the unfinished runs of the whole database.
type QueueMetrics struct {
	Pending int `json:"pending"`
	Running int `json:"running"`
}

// WorkerMetrics are the places for runs of this process.
type WorkerMetrics struct {
	Max       int `json:"max"`
	Active    int `json:"active"`
	Available int `json:"available"`
}

// HTTPMetrics are the requests of one method and route that were answered with one status. Path is the route's pattern.
type HTTPMetrics struct {
	Method    string  `json:"method"`
	Path      string  `json:"path"`
	Status    string  `json:"status"`
	Count     int     `json:"count"`
	LatencyMS float64 `json:"latency_ms_sum"`
}

// OutcomeMetrics are how often something ended in one way, and the seconds that all of them took where that is known.
type OutcomeMetrics struct {
	Outcome string  `json:"outcome"`
	Count   int     `json:"count"`
	Seconds float64 `json:"seconds_sum,omitempty"`
}

// PoolMetrics are the connections to the database. Pool is "pg", "sqlite_read" or "sqlite_write".
type PoolMetrics struct {
	Pool      string  `json:"pool"`
	Max       int     `json:"max"`
	Size      int     `json:"size"`
	Available int     `json:"available"`
	Queued    int     `json:"requests_queued"`
	WaitMS    float64 `json:"requests_wait_ms"`
}
