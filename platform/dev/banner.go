package dev

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/locutory/locutory/platform/config"
)

// announcement is the first line, so that nobody takes a first build for a hang.
func announcement(p *Project) string {
	if _, err := os.Stat(p.Binary()); err != nil {
		return "building the server for the first time: a minute or two"
	}
	return "building the server"
}

// banner is what the author sees once: where to call, what is served, under which rules.
func (s *session) banner(p *Project) string {
	ready := s.serving.ready
	rows := []row{{"API", s.url(), "", tryIt(p)}}
	if ready.Studio != "" {
		path, _, _ := strings.Cut(ready.Studio, "?") // its token is for the browser, not for the screen
		rows = append(rows, row{"Studio", s.url() + path, "", ""})
	}
	rows = append(rows, graphRows(p, ready)...)
	rows = append(rows, authRows(p, ready)...)
	data := row{"data", relative(p.Dir, ready.Database), "", ""}
	if s.Reload {
		data.note = "watching " + s.watched(p)
	}
	return table(append(rows, data))
}

func graphRows(p *Project, ready config.Ready) []row {
	facts := map[string]config.ReadyGraph{}
	for _, g := range ready.Graphs {
		facts[g.ID] = g
	}
	var rows []row
	for _, g := range p.Config.Graphs {
		note := facts[g.ID].Note
		if broken := facts[g.ID].Error; broken != "" {
			note = "does not load: " + broken
		}
		rows = append(rows, row{"graphs", g.ID, g.Symbol.String(), note})
	}
	return rows
}

func authRows(p *Project, ready config.Ready) []row {
	if p.Config.Auth == nil {
		return []row{{"auth", "none", "", "whoever reaches this port reaches everything"}}
	}
	var rows []row
	for _, r := range ready.Auth {
		rows = append(rows, row{"auth", r.Event, r.Rule, relative(p.Dir, r.At)})
	}
	unhandled := ready.Unhandled
	if unhandled == "" && p.Config.Auth.Unhandled == config.Deny {
		unhandled = "the rest is denied"
	} else if unhandled == "" {
		unhandled = "the rest is allowed"
	}
	if len(rows) == 0 {
		return []row{{"auth", "*:*", p.Config.Auth.Path.String(), unhandled}}
	}
	last := &rows[len(rows)-1]
	last.note = strings.TrimPrefix(last.note+"; "+unhandled, "; ")
	return rows
}

// watched are the inputs by name, or by number when they are many.
func (s *session) watched(p *Project) string {
	var names []string
	for _, dir := range s.watch.fs.WatchList() {
		if s.watch.dirs[dir] {
			names = append(names, relative(p.Dir, dir)+"/")
		}
	}
	if len(names) > 6 {
		names = []string{fmt.Sprintf("%d directories", len(names))}
	}
	names = append(sorted(names), filepath.Base(p.Config.File))
	if p.Config.Env.File != "" {
		names = append(names, p.Config.Env.File)
	}
	return strings.Join(names, " ")
}

// url is the address as people type it: a server that listens everywhere is reached on this machine.
func (s *session) url() string {
	host, port, _ := net.SplitHostPort(s.address) // it came from a listener
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}

// tryIt shows a token when the hooks still hold the toy users of a new project.
func tryIt(p *Project) string {
	if p.Config.Auth == nil {
		return ""
	}
	files, _ := filepath.Glob(filepath.Join(p.Dir, filepath.FromSlash(p.Config.Auth.Path.Dir), "*.go")) // the pattern is sound
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && bytes.Contains(text, []byte(`"user1-token":`)) {
			return "try it: Authorization: Bearer user1-token"
		}
	}
	return ""
}

// relative is path as seen from dir, when that is shorter to read.
func relative(dir, path string) string {
	if rel, err := filepath.Rel(dir, path); err == nil && filepath.IsAbs(path) && !strings.HasPrefix(rel, "..") {
		return filepath.ToSlash(rel)
	}
	return path
}

// elapsed is a duration to the precision that matters to someone who waits.
func elapsed(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
