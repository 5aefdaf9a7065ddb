package compat

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/locutory/locutory/platform/api"
)

// Each method of the Go SDK that calls the server names the route, and the server has it.
func TestSDKNamesItsRoutes(t *testing.T) {
	t.Parallel()
	served := map[string]bool{}
	part := regexp.MustCompile(`:(\w+)`)
	for _, r := range new(api.Server).Routes() {
		served[r.Method+" "+part.ReplaceAllString(r.Path, "{$1}")] = true
	}
	named := regexp.MustCompile(`\b(GET|POST|PUT|PATCH|DELETE) (/[\w/{}]*)`)
	files, err := filepath.Glob("../../sdk/*.go")
	check(t, err)
	methods := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(gotoken.NewFileSet(), name, nil, parser.ParseComments)
		check(t, err)
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil || !f.Name.IsExported() {
				continue
			}
			star, ok := f.Recv.List[0].Type.(*ast.StarExpr)
			if !ok || !slices.Contains([]string{"Assistants", "Threads", "Runs", "Crons", "Store", "Client"}, star.X.(*ast.Ident).Name) {
				continue
			}
			methods++
			routes := named.FindAllString(f.Doc.Text(), -1)
			if len(routes) == 0 {
				t.Errorf("%s: %s names no route", name, f.Name)
			}
			for _, route := range routes {
				if !served[route] {
					t.Errorf("%s: %s is %s, which is not served", name, f.Name, route)
				}
			}
		}
	}
	if methods < 50 {
		t.Errorf("%d methods", methods)
	}
}
