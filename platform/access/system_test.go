package access_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mayUseSystem lists every use of access.System outside of tests. Who adds one says here why no hook can be asked.
var mayUseSystem = []string{
	`platform/api/feedback.go: access.System("feedback of whoever has the link")`, // the link is a credential for this and nothing else
	`platform/api/truncate.go: access.System("test endpoint: truncate")`,          // everyone's rows, on a server that is for tests alone
	`platform/cron/scheduler.go: access.System("crons that are due")`,             // each then acts as its maker
	`platform/observe.go: access.System("length of the queue")`,                   // two numbers, which only the operator may read
	`platform/platform.go: access.System("assistants of the graphs")`,             // rows of the server itself, made before anyone calls
	`platform/sweep.go: access.System("sweep")`,                                   // rows whose time is over, whoever's they are
	`platform/webhook/sender.go: access.System("webhooks of ended runs")`,         // whoever made the run asked for it then
	`platform/worker/worker.go: access.System("worker: was the run cancelled")`,   // of a run that the worker holds
}

func TestUsesOfSystem(t *testing.T) {
	t.Parallel()
	root := moduleRoot(t)
	var uses []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != root || d.Name() == "node_modules" || d.Name() == "testdata"):
			return filepath.SkipDir
		case d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if strings.HasPrefix(filepath.ToSlash(name), "platform/store/storetest/") { // a suite is a test
			return nil
		}
		found, err := usesIn(path, filepath.ToSlash(name))
		uses = append(uses, found...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(uses)
	if diff := cmp.Diff(mayUseSystem, uses); diff != "" {
		t.Errorf("uses of access.System (-listed +found):\n%s", diff)
	}
}

// usesIn lists every mention of access.System in a file, called or not.
func usesIn(path, name string) ([]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", name, err)
	}
	local := ""
	for _, i := range file.Imports {
		if p, _ := strconv.Unquote(i.Path.Value); p == "github.com/locutory/locutory/platform/access" {
			local = "access"
			if i.Name != nil {
				local = i.Name.Name
			}
		}
	}
	if local == "" {
		return nil, nil
	}
	if local == "." {
		return []string{name + ": imports access with a dot"}, nil
	}
	var uses []string
	called := map[ast.Expr]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && len(call.Args) == 1 {
			if reason, ok := call.Args[0].(*ast.BasicLit); ok {
				called[call.Fun] = reason.Value
			}
		}
		if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "System" {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == local {
				uses = append(uses, fmt.Sprintf("%s: access.System(%s)", name, called[s]))
			}
		}
		return true
	})
	return uses, nil
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		} else if !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			t.Fatalf("no go.mod above the test: %v", err)
		}
		dir = filepath.Dir(dir)
	}
}
