package wire

import "fmt"

// maxBatch is how many runs one request may start.
const maxBatch = 1000

// RunBatch is the body of POST /runs/batch: stateless runs, which start in this order.
type RunBatch []RunCreate

// Validate checks how many there are; each is validated where it is made, so that the answer can say which was wrong.
func (b *RunBatch) Validate() error {
	if n := len(*b); n < 1 || n > maxBatch {
		return fmt.Errorf("want an array of 1 to %d runs, got %d", maxBatch, n)
	}
	return nil
}
