package wire

// ErrorBody is the body of every answer that is not a success (rest.md 1.3).
type ErrorBody struct {
	Detail string `json:"detail"`
}

// RunError is a run's failure in band: the data of a stream's error event, and __error__ of wait and join.
// Error is the class name that clients match on, e.g. GraphRecursionError; never an object (streaming.md 1.5.11).
type RunError struct {
	Error   string `json:"error"`
	Message string `json:"message"`
}

// RunFailed is the body of wait and join after a failure; the status is 200 all the same (rest.md 5.7).
type RunFailed struct {
	Error RunError `json:"__error__"`
}
