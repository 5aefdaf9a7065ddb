// Package doctest holds a package's documentation to its examples.
package doctest

import (
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// Examples fails unless doc.go names at least so many examples, at the ends of lines, and each of them is there and checks its output.
func Examples(t *testing.T, least int) {
	t.Helper()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("example*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	runs := map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, example := range doc.Examples(file) {
			runs["Example"+example.Name] = example.Output != ""
		}
	}
	named := regexp.MustCompile(`(?m) (Example\w*)$`).FindAllStringSubmatch(string(text), -1)
	if len(named) < least {
		t.Fatalf("only %d examples are named", len(named))
	}
	for _, match := range named {
		if !runs[match[1]] {
			t.Errorf("the documentation names %s, which does not run", match[1])
		}
	}
}
