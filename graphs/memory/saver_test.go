package memory_test

import (
	"testing"

	"github.com/locutory/locutory/graphs"
	"github.com/locutory/locutory/graphs/memory"
	"github.com/locutory/locutory/graphs/savertest"
)

func TestSaver(t *testing.T) {
	t.Parallel()
	savertest.Run(t, func(*testing.T) graphs.Saver { return memory.New() })
}
