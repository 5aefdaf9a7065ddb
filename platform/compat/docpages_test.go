package compat

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The commands of the pages do what the pages say, as they are written but for the port, with the script in the place of a model.
func TestPagesRun(t *testing.T) {
	t.Parallel()
	tests := []struct {
		page, example string
		wants         []string
		env           []string
	}{
		{"human-in-the-loop", "human-in-the-loop", []string{`"__interrupt__":[{"value":{"question":"Send this?"`, "Sent as user1: Dear Bob"}, nil},
		{"tools", "tools-agent", []string{`"name":"add_item"`, ` is on the list."`, `"name":"read_list"`}, nil},
		{"teams", "team", []string{`"name":"task"`, "event: updates|tools:", "event: updates\n"}, nil},
		{"custom-routes", "custom-routes", []string{`{"user":"Alice"`, `{"detail":`}, []string{"JWT_SECRET=0123456789abcdef0123456789abcdef"}},
		{"feedback", "private-chat", []string{`"key":"liked"`, `"score":1`, `"comment":"Ha!"`}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.page, func(t *testing.T) {
			t.Parallel()
			served := "examples/" + tt.example + "/platform.json"
			server := start(t, binary(t, "../../"+served), tt.env...)
			begun := false
			for _, code := range blocksOf(t, "examples/docs/"+tt.page+".md", "sh") {
				if strings.Contains(code, "locutory dev") {
					begun = begun || strings.Contains(code, "go run ./cmd/locutory dev --config "+served)
					continue
				}
				out := output(t, exec.Command("bash", "-euc", strings.ReplaceAll(code, "localhost:2024", strings.TrimPrefix(server.URL, "http://"))))
				for _, want := range tt.wants {
					if !strings.Contains(out, want) {
						t.Errorf("no %q in\n%s", want, out)
					}
				}
			}
			if tt.page != "feedback" && !begun {
				t.Errorf("the page does not say how to serve %s", served)
			}
		})
	}
}

// The index names every page, and what pages and README link to in the repository is there.
func TestPagesAreLinked(t *testing.T) {
	t.Parallel()
	index, err := os.ReadFile("../../examples/docs/README.md")
	check(t, err)
	pages, err := filepath.Glob("../../examples/docs/*.md")
	check(t, err)
	fence := regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	link := regexp.MustCompile(`\]\(([^)#]+)[^)]*\)`)
	for _, page := range append(pages, "../../README.md") {
		text, err := os.ReadFile(page)
		check(t, err)
		if name := filepath.Base(page); name != "README.md" && !strings.Contains(string(index), "("+name+")") {
			t.Errorf("the index does not name %s", name)
		}
		for _, to := range link.FindAllStringSubmatch(fence.ReplaceAllString(string(text), ""), -1) {
			if strings.Contains(to[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), to[1])); err != nil {
				t.Errorf("%s: %v", filepath.Base(page), err)
			}
		}
	}
}
