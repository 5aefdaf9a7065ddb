package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/locutory/locutory/platform/dev"
)

// source is where the module lies that this command was built from, so that a new project uses the same one.
type source struct {
	dir string
	// version is empty for a checkout.
	version string
	// sums are the module's own lines of go.sum; a checkout has none.
	sums string
}

// String says for people what a new project uses.
func (s source) String() string {
	if s.version == "" {
		return "this checkout (replace in go.mod)"
	}
	return dev.Module + " " + s.version
}

// ownSource finds the source that this very function was compiled from: a checkout by its path, a release by its version in
// the module cache.
func ownSource(ctx context.Context) (source, error) {
	_, file, _, _ := runtime.Caller(0)
	root := filepath.Dir(filepath.Dir(filepath.Dir(file))) // of platform/cli/source.go
	_, release, cached := strings.Cut(filepath.Base(root), "@")
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil && filepath.IsAbs(file) && !cached {
		return source{dir: root}, nil
	}
	if release == "" {
		release = version()
	}
	if release == "(devel)" {
		return source{}, errors.New("this command was built from a checkout that is gone; build it again, or use a release: " +
			"go run " + dev.Module + "/cmd/locutory@latest new")
	}
	return released(ctx, release)
}

// released asks the go command for the files and checksums of a version, which it has in its cache most times.
func released(ctx context.Context, version string) (source, error) {
	cmd := exec.CommandContext(ctx, "go", "mod", "download", "-json", dev.Module+"@"+version)
	cmd.Dir = os.TempDir() // outside of any module
	out, err := cmd.Output()
	var module struct{ Dir, Sum, GoModSum, Error string }
	if jsonErr := json.Unmarshal(out, &module); jsonErr != nil {
		return source{}, fmt.Errorf("go mod download: %w", errors.Join(err, jsonErr))
	}
	if module.Error != "" {
		return source{}, fmt.Errorf("go mod download: %s", module.Error)
	}
	sums := fmt.Sprintf("%[1]s %[2]s %[3]s\n%[1]s %[2]s/go.mod %[4]s\n", dev.Module, version, module.Sum, module.GoModSum)
	return source{dir: module.Dir, version: version, sums: sums}, nil
}

// module writes go.mod and go.sum of a project in dir. They are whole: the module's own requirements are the project's
// indirect ones, at the same versions, so that a build needs neither go mod tidy nor the network.
func (s source) module(dir string) (mod, sums []byte, err error) {
	text, err := os.ReadFile(filepath.Join(s.dir, "go.mod"))
	if err != nil {
		return nil, nil, fmt.Errorf("own go.mod: %w", err)
	}
	own, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("own go.mod: %w", err)
	}
	if sums, err = os.ReadFile(filepath.Join(s.dir, "go.sum")); err != nil {
		return nil, nil, fmt.Errorf("own go.sum: %w", err)
	}
	name, err := moduleName(dir)
	if err != nil {
		return nil, nil, err
	}
	version := s.version
	if version == "" {
		version = "v0.0.0"
	}
	var out strings.Builder
	fmt.Fprintf(&out, "module %s\n\ngo %s\n\ntool %s/cmd/locutory\n\nrequire %s %s\n", name, own.Go.Version, dev.Module, dev.Module, version)
	if s.version == "" {
		fmt.Fprintf(&out, "\nreplace %s => %s\n", dev.Module, modfile.AutoQuote(s.dir))
	}
	out.WriteString("\nrequire (\n")
	for _, r := range own.Require {
		fmt.Fprintf(&out, "\t%s %s // indirect\n", r.Mod.Path, r.Mod.Version)
	}
	out.WriteString(")\n")
	return []byte(out.String()), append([]byte(s.sums), sums...), nil
}

// moduleName makes a module path of a directory's name, under example.com, where no package of the standard library is.
func moduleName(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, filepath.Base(abs))
	if name = strings.Trim(name, "-"); name == "" {
		name = "chat"
	}
	return "example.com/" + name, nil
}
