package dev

import (
	"context"
	"fmt"
	"go/types"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/locutory/locutory/platform/config"
)

// Check looks up every symbol of platform.json and its type, so that a mistake is told with the key that makes it and not
// as an error of a generated file that nobody wrote. The mistakes come joined, each a *config.Mistake. When there are none,
// but a package does not compile, the error is a *CompileError.
func (b *Builder) Check(ctx context.Context, p *Project) error {
	loaded, err := b.inspect(ctx, p)
	if err != nil {
		return err
	}
	return loaded.compileError(p)
}

// inspect is Check without the compiler's part, which a build does better.
func (b *Builder) inspect(ctx context.Context, p *Project) (loaded, error) {
	var mistakes []*config.Mistake
	var sound []symbol
	for _, s := range p.symbols() {
		if text := missing(p, s); text != "" {
			mistakes = append(mistakes, s.mistake("%s", text))
			continue
		}
		sound = append(sound, s)
	}
	packages, err := b.load(ctx, p, sound)
	if err != nil {
		return nil, err
	}
	doors, err := b.doors(packages)
	if err != nil {
		return nil, err
	}
	for _, s := range sound {
		pkg := packages.at(p, s.Dir)
		if pkg == nil {
			return nil, fmt.Errorf("the go command does not know %s", s.Dir)
		}
		if m := doors.check(s, pkg); m != nil {
			mistakes = append(mistakes, m)
		}
	}
	return packages, config.Join(mistakes)
}

// missing tells what the disk alone can tell, in better words than the go command's.
func missing(p *Project, s symbol) string {
	dir := filepath.Join(p.Dir, filepath.FromSlash(s.Dir))
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Sprintf("there is no directory %s", s.Dir)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*.go")); len(files) == 0 { // the pattern is sound
		return fmt.Sprintf("%s has no Go files", s.Dir)
	}
	return ""
}

// loaded are packages with their types, by directory and by import path.
type loaded map[string]*packages.Package

// load reads the types of the symbols' packages and of the library.
func (b *Builder) load(ctx context.Context, p *Project, symbols []symbol) (loaded, error) {
	patterns := []string{b.module() + "/graphs", b.module() + "/authhooks"}
	for _, s := range symbols {
		patterns = include(patterns, s.Dir)
	}
	list, err := packages.Load(&packages.Config{
		Context: ctx,
		Dir:     p.Dir,
		Env:     withoutCgo(os.Environ()),
		Mode:    packages.LoadTypes,
	}, patterns...)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		return nil, &CompileError{Output: err.Error()}
	}
	l := loaded{}
	for _, pkg := range list {
		l[pkg.PkgPath], l[pkg.Dir] = pkg, pkg
	}
	return l, nil
}

// at is the package in a directory as platform.json writes it.
func (l loaded) at(p *Project, dir string) *packages.Package {
	return l[filepath.Join(p.Dir, filepath.FromSlash(dir))]
}

// compileError is what the compiler would say of the project's own packages.
func (l loaded) compileError(p *Project) error {
	var lines []string
	for _, dir := range p.packages() {
		for _, e := range l.at(p, dir).Errors {
			line := withoutHeadings(e.Msg) // a failed go list speaks for the compiler
			if e.Pos != "" && e.Pos != "-" {
				line = relative(p.Dir, e.Pos) + ": " + line
			}
			lines = include(lines, line)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return &CompileError{Output: strings.Join(lines, "\n")}
}

// doors are the types of the library that a symbol may have.
type doors struct {
	graphs, hooks, platform string
	runnable                *types.Interface
}

func (b *Builder) doors(l loaded) (*doors, error) {
	d := &doors{graphs: b.module() + "/graphs", hooks: b.module() + "/authhooks", platform: b.module() + "/platform"}
	pkg := l[d.graphs]
	if pkg == nil || len(pkg.Errors) > 0 {
		text := fmt.Sprintf("go.mod does not require %s; run: go get -tool %[1]s/cmd/locutory", b.module())
		if pkg != nil {
			text = pkg.Errors[0].Msg + "\n" + text
		}
		return nil, &CompileError{Output: text}
	}
	object, ok := pkg.Types.Scope().Lookup("Runnable").(*types.TypeName)
	if !ok {
		return nil, fmt.Errorf("%s has no Runnable", d.graphs)
	}
	d.runnable, ok = object.Type().Underlying().(*types.Interface)
	if !ok {
		return nil, fmt.Errorf("%s.Runnable is no interface", d.graphs)
	}
	return d, nil
}

// check is nil for a symbol that the server can take, and for a package that the compiler will refuse.
func (d *doors) check(s symbol, pkg *packages.Package) *config.Mistake {
	if len(pkg.Errors) > 0 || pkg.Types == nil {
		return nil
	}
	if pkg.Name == "main" {
		return s.mistake("%s is package main, which nothing can import; move %s to a package of its own", s.Dir, s.Name)
	}
	object := pkg.Types.Scope().Lookup(s.Name)
	if object == nil {
		return s.mistake("%s has no exported name %q%s", s.Dir, s.Name, didYouMean(s.Name, pkg.Types.Scope()))
	}
	accepts, want := d.graph, "*graphs.StateGraph, graphs.Runnable, graphs.Factory or func() (graphs.Runnable, error)"
	switch s.use {
	case useAuth:
		accepts, want = d.auth, "*authhooks.Auth or func(context.Context) (*authhooks.Auth, error)"
	case useEmbed:
		accepts, want = d.embed, "a value with EmbedDocuments and EmbedQuery, as langchaingo's embedders, or func() (one, error)"
	case useApp:
		accepts, want = d.app, "platform.App, *platform.App, or func(context.Context) (one of them, error)"
	}
	name := pkg.Name + "." + s.Name
	if _, isType := object.(*types.TypeName); isType {
		return s.mistake("%s is a type; want a value: %s", name, want)
	}
	if object.Type() == types.Typ[types.Invalid] || accepts(object.Type()) {
		return nil
	}
	return s.mistake("%s is %s; want %s", name, article(object.Type()), want)
}

func (s symbol) mistake(format string, args ...any) *config.Mistake {
	return &config.Mistake{Pos: s.pos, Path: s.key, Text: fmt.Sprintf(format, args...)}
}

func didYouMean(name string, scope *types.Scope) string {
	var exported []string
	for _, n := range scope.Names() {
		if object := scope.Lookup(n); object.Exported() {
			exported = append(exported, n)
		}
	}
	if near := config.Nearest(name, exported); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}
