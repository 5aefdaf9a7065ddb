package prebuilt_test

import (
	"testing"

	"github.com/locutory/locutory/graphs/internal/doctest"
)

func TestDocumentedExamples(t *testing.T) {
	t.Parallel()
	doctest.Examples(t, 25)
}
