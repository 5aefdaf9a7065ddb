package config

import (
	"fmt"
	"go/token"
	"path"
	"strings"
)

// Symbol names an exported Go value: the package directory relative to platform.json, in slashes, and the name.
type Symbol struct{ Dir, Name string }

// String returns the symbol as it is written in the file, such as ./agent:Graph.
func (s Symbol) String() string { return s.Dir + ":" + s.Name }

// symbol reads "./dir:Name".
func (r *reader) symbol(p place) Symbol {
	written, ok := p.value.(string)
	if !ok {
		r.wrong(p, `%s; want "./dir:Name"`, kind(p.value))
		return Symbol{}
	}
	s, err := parseSymbol(written)
	if err != nil {
		r.wrong(p, "%s", err)
	}
	return s
}

// parseSymbol holds what can be said of a symbol without looking at the disk.
func parseSymbol(written string) (Symbol, error) {
	dir, name, _ := strings.Cut(written, ":")
	switch {
	case strings.Contains(dir, `\`):
		return Symbol{}, fmt.Errorf(`%q: write the directory with slashes: "%s:%s"`, written, strings.ReplaceAll(dir, `\`, "/"), orName(name))
	case path.Ext(dir) != "" && path.Base(dir) != "." && path.Base(dir) != "..":
		example := Symbol{dot(path.Dir(dir)), exported(orName(name))}
		return Symbol{}, fmt.Errorf(`%s names a file; a Go package is a directory: "%s"`, dir, example)
	case path.IsAbs(dir):
		return Symbol{}, fmt.Errorf("%q: the directory must be relative to this file, as in \"./agent:Graph\"", written)
	case dir == "" || name == "":
		return Symbol{}, fmt.Errorf(`%q is not of the form "./dir:Name", as in "./agent:Graph"`, written)
	case dir != "." && dir != ".." && !strings.HasPrefix(dir, "./") && !strings.HasPrefix(dir, "../"):
		return Symbol{}, fmt.Errorf(`%q: the directory is relative to this file; did you mean "./%s"?`, written, written)
	case !token.IsIdentifier(name):
		return Symbol{}, fmt.Errorf("%q: %s is not a Go name", written, name)
	case !token.IsExported(name):
		return Symbol{}, fmt.Errorf("%q: %s is not exported; a Go name for others begins with a capital: %s", written, name, exported(name))
	}
	return Symbol{Dir: dot(path.Clean(dir)), Name: name}, nil
}

// dot puts ./ before a clean directory, since the go command takes a bare one for an import path.
func dot(dir string) string {
	if dir == "." || dir == ".." || strings.HasPrefix(dir, "./") || strings.HasPrefix(dir, "../") {
		return dir
	}
	return "./" + dir
}

func orName(name string) string {
	if name == "" {
		return "Graph"
	}
	return name
}

func exported(name string) string { return strings.ToUpper(name[:1]) + name[1:] }
