package dev

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/fsnotify/fsnotify"
)

// watch tells which file events mean that a build would come out different. It watches directories, since editors replace
// files and a watch on a replaced file is dead.
type watch struct {
	fs    *fsnotify.Watcher
	dirs  map[string]bool
	files map[string]bool
}

func newWatch() (*watch, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("watch: %w", err)
	}
	return &watch{fs: w}, nil
}

func (w *watch) close() error { return w.fs.Close() }

// follow watches exactly the inputs from now on. A directory that is not there is passed over.
func (w *watch) follow(in inputs) error {
	w.dirs, w.files = map[string]bool{}, map[string]bool{}
	wanted := map[string]bool{}
	for _, dir := range in.dirs {
		w.dirs[dir], wanted[dir] = true, true
	}
	for _, file := range in.files {
		w.files[file], wanted[filepath.Dir(file)] = true, true
	}
	for _, dir := range w.fs.WatchList() {
		if wanted[dir] {
			continue
		}
		if err := w.fs.Remove(dir); err != nil && !errors.Is(err, fsnotify.ErrNonExistentWatch) {
			return fmt.Errorf("watch: %w", err)
		}
	}
	for dir := range wanted {
		if err := w.fs.Add(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("watch %s: %w", dir, err)
		}
	}
	return nil
}

// matters tells whether the event is about an input. Tests are not part of a server, and an editor's own files are hidden.
func (w *watch) matters(e fsnotify.Event) bool {
	if e.Op == fsnotify.Chmod {
		return false
	}
	if w.files[e.Name] || w.dirs[e.Name] { // a directory that is made or goes away
		return true
	}
	dir, name := filepath.Split(e.Name)
	if !w.dirs[filepath.Clean(dir)] || strings.HasPrefix(name, ".") || strings.HasSuffix(name, "_test.go") {
		return false
	}
	return filepath.Ext(name) == ".go" || filepath.Ext(name) == ".s"
}
