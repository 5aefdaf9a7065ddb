package dev

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
)

// inputs are what a build reads of the author's own: a change to anything else cannot change the server.
type inputs struct {
	// dirs are the directories of the main module's packages, absolute; their Go files count.
	dirs []string
	// files are single files outside or inside of dirs: platform.json, the env file, go.mod, embedded files.
	files []string
}

// inputs asks the go command what the project's symbols depend on. When it cannot tell, the answer is what platform.json
// names, so that a change that mends the project is seen.
func (b *Builder) inputs(ctx context.Context, p *Project) (inputs, error) {
	in := inputs{files: []string{p.File()}}
	if env := p.Config.EnvPath(); env != "" {
		path, err := filepath.Abs(env)
		if err != nil {
			return inputs{}, fmt.Errorf("watch: %w", err)
		}
		in.files = append(in.files, path)
	}
	for _, dir := range p.packages() {
		in.dirs = append(in.dirs, filepath.Join(p.Dir, filepath.FromSlash(dir)))
	}
	args := []string{"list", "-e", "-deps", "-json=Dir,Module,EmbedFiles", "--", b.module() + "/platform"}
	out, err := goCommand(ctx, p.Dir, append(args, p.packages()...)...)
	if _, unknown := errors.AsType[*CompileError](err); unknown {
		return in, nil
	}
	if err != nil {
		return inputs{}, err
	}
	return in, in.add(out)
}

// add takes the packages of the main module out of what go list printed.
func (in *inputs) add(list []byte) error {
	for dec := json.NewDecoder(bytes.NewReader(list)); ; {
		var pkg struct {
			Dir        string
			EmbedFiles []string
			Module     *struct {
				Main  bool
				GoMod string
			}
		}
		if err := dec.Decode(&pkg); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("go list: %w", err)
		}
		if pkg.Module == nil || !pkg.Module.Main {
			continue
		}
		in.dirs = include(in.dirs, pkg.Dir)
		in.files = include(in.files, pkg.Module.GoMod)
		in.files = include(in.files, filepath.Join(filepath.Dir(pkg.Module.GoMod), "go.sum"))
		for _, file := range pkg.EmbedFiles {
			in.files = include(in.files, filepath.Join(pkg.Dir, file))
		}
	}
}

func include(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
