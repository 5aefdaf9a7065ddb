package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnvironmentIsOurs(t *testing.T) {
	t.Parallel()
	mine := []string{"PATH=/bin", "DATABASE_URI=postgres://precious", "PORT=1", "LOG_LEVEL=debug", "OPENAI_API_KEY=k", "GOGC=50"}
	want := []string{"HOME=/h", "LOCUTORY_DATA_DIR=/h/data", "PATH=/bin", "GOGC=50"}
	if diff := cmp.Diff(want, environment(mine, "/h", "")); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if got := environment(mine, "/h", "postgres://bench"); got[2] != "DATABASE_URI=postgres://bench" {
		t.Errorf("environment with a database is %q", got)
	}
}

func TestStartTellsWhyNot(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	binary := filepath.Join(dir, "broken")
	if err := os.WriteFile(binary, []byte("#!/bin/sh\necho no such graph\nexit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := start(t.Context(), binary, dir, "")
	if err == nil {
		t.Fatal("a server that ends at once was started")
	}
	for _, want := range []string{"ended before it could serve", "exit status 3", "no such graph"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in the error:\n%v", want, err)
		}
	}
}
