package config

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/joho/godotenv"
)

// DefaultEnvFile is read when it is there and "env" names no other.
const DefaultEnvFile = ".env"

// Env is the section "env": variables for the user's code that are not in the process environment.
type Env struct {
	// File is relative to the directory of platform.json; empty when Vars are written out.
	File string
	Vars map[string]string
	// Pos is the place of the section, zero when the default holds.
	Pos Pos
}

func (r *reader) env(p place) Env {
	if _, written := p.value.([]member); written {
		vars := r.words(p)
		for name := range vars {
			if name == "" || strings.ContainsAny(name, "=\x00") {
				r.wrong(p, "%q is no name of a variable", name)
			}
		}
		return Env{Vars: vars, Pos: p.pos}
	}
	if _, isText := p.value.(string); !isText {
		r.wrong(p, `%s; want ".env" or {"NAME": "value"}`, kind(p.value))
		return Env{Pos: p.pos}
	}
	return Env{File: r.text(p), Pos: p.pos}
}

// EnvPath returns where the env file lies, empty when there is none to read.
func (c *Config) EnvPath() string {
	if c.Env.File == "" || filepath.IsAbs(c.Env.File) {
		return c.Env.File
	}
	return filepath.Join(c.Dir(), filepath.FromSlash(c.Env.File))
}

// LoadEnv sets the variables of "env" in the process environment, and returns the names that it set, sorted. A variable
// that the environment has already, even an empty one, keeps its value. It must run before any symbol of the user's
// packages is used as a function. A missing .env is no mistake, since it is not committed; a missing file of another
// name is.
func (c *Config) LoadEnv() ([]string, error) {
	vars, err := c.vars()
	if err != nil {
		return nil, err
	}
	var set []string
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if _, there := os.LookupEnv(name); there {
			continue
		}
		if err := os.Setenv(name, vars[name]); err != nil {
			return nil, fmt.Errorf("set %s: %w", name, err)
		}
		set = append(set, name)
	}
	return set, nil
}

func (c *Config) vars() (map[string]string, error) {
	if c.Env.File == "" {
		return c.Env.Vars, nil
	}
	vars, err := godotenv.Read(c.EnvPath())
	switch {
	case errors.Is(err, fs.ErrNotExist) && c.Env.File == DefaultEnvFile:
		return nil, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, &Mistake{Pos: c.Env.Pos, Path: "env", Text: fmt.Sprintf("there is no file %s", c.Env.File)}
	case err != nil:
		return nil, &Mistake{Pos: Pos{File: c.EnvPath()}, Text: err.Error()}
	}
	return vars, nil
}
