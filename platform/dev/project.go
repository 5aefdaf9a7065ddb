package dev

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/locutory/locutory/platform/config"
)

// Project is a directory with a platform.json that has been read without a mistake.
type Project struct {
	// Config is the file's content; its File is the path as the caller gave it, since messages carry it.
	Config *config.Config
	// Dir is the absolute path of the directory.
	Dir string
	// Text is the file as it is.
	Text []byte
}

// Open reads the platform.json at path. Its mistakes come joined, each a *config.Mistake.
func Open(path string) (*Project, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no %s; locutory new DIR makes a project, and --config names another file", path)
	}
	if err != nil {
		return nil, fmt.Errorf("open project: %w", err)
	}
	cfg, err := config.Parse(path, text)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("open project: %w", err)
	}
	return &Project{Config: cfg, Dir: dir, Text: text}, nil
}

// File is the absolute path of platform.json.
func (p *Project) File() string { return filepath.Join(p.Dir, filepath.Base(p.Config.File)) }

// Binary is where the project's server is built to.
func (p *Project) Binary() string { return filepath.Join(p.Dir, outputDir, "bin", "server") }

// generated is the directory of the generated program.
func (p *Project) generated() string { return filepath.Join(p.Dir, outputDir, "gen") }

// outputDir holds what is made from a project: the generated program, the binary, the data.
const outputDir = ".locutory"

// symbol is a key of platform.json that names Go code.
type symbol struct {
	config.Symbol
	key string
	pos config.Pos
	use use
}

// use is what a symbol is for.
type use uint8

const (
	useGraph use = iota // graphs.*
	useAuth             // auth.path
	useEmbed            // store.index.embed
	useApp              // http.app
)

// symbols are all keys that name Go code, the graphs in the order of the file.
func (p *Project) symbols() []symbol {
	var symbols []symbol
	for _, g := range p.Config.Graphs {
		symbols = append(symbols, symbol{Symbol: g.Symbol, key: "graphs." + g.ID, pos: g.Pos})
	}
	if a := p.Config.Auth; a != nil {
		symbols = append(symbols, symbol{Symbol: a.Path, key: "auth.path", pos: a.Pos, use: useAuth})
	}
	if x := p.Config.Store.Index; x != nil && x.Model.Provider == "" { // a model is no code of the project
		symbols = append(symbols, symbol{Symbol: x.Embed, key: "store.index.embed", pos: x.Pos, use: useEmbed})
	}
	if a := p.Config.HTTP.App; a != nil {
		symbols = append(symbols, symbol{Symbol: a.Symbol, key: "http.app", pos: a.Pos, use: useApp})
	}
	return symbols
}

// packages are the directories that platform.json names, as patterns of the go command, each once.
func (p *Project) packages() []string {
	var dirs []string
	for _, s := range p.symbols() {
		if !slices.Contains(dirs, s.Dir) {
			dirs = append(dirs, s.Dir)
		}
	}
	return dirs
}
