package dev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/locutory/locutory/platform/config"
)

// session is one Run.
type session struct {
	Config
	address string
	socket  *os.File
	watch   *watch
	// serving is nil until a first server is ready, and after the one that served has ended by itself.
	serving *child
}

// run is the first build and then the loop.
func (s *session) run(ctx context.Context, project *Project) error {
	began := s.Now()
	s.say("%s", announcement(project))
	err := s.turn(ctx, project)
	switch _, mistake := errors.AsType[*config.Mistake](err); {
	case ctx.Err() != nil:
		return nil
	case err == nil:
		s.say("ready in %s\n\n%s", elapsed(s.Now().Sub(began)), s.banner(project))
		s.open()
	case mistake || !s.Reload:
		return err
	default:
		s.refuse(err)
	}
	return s.loop(ctx)
}

// loop waits for changes, for the server's end and for its own.
func (s *session) loop(ctx context.Context) error {
	quiet := time.NewTimer(time.Hour)
	quiet.Stop()
	var changed []string
	var since time.Time
	for {
		select {
		case <-ctx.Done():
			return nil
		case event := <-s.watch.fs.Events:
			if !s.Reload || !s.watch.matters(event) {
				continue
			}
			if len(changed) == 0 {
				since = s.Now()
			}
			changed = include(changed, event.Name)
			quiet.Reset(s.Debounce)
		case err := <-s.watch.fs.Errors:
			s.complain("watch: %v", err)
		case <-quiet.C:
			s.change(ctx, changed, since)
			changed = nil
		case <-s.ended():
			err := &exitError{s.serving.err}
			s.serving = nil
			if !s.Reload {
				return err
			}
			s.complain("%v; waiting for a change", err)
		}
	}
}

// ended is closed when the serving process is gone; it is nil, and never ready, when there is none.
func (s *session) ended() <-chan struct{} {
	if s.serving == nil {
		return nil
	}
	return s.serving.done
}

// change is one turn after the first.
func (s *session) change(ctx context.Context, changed []string, since time.Time) {
	first := s.serving == nil
	project, err := Open(s.File)
	if err == nil {
		err = s.turn(ctx, project)
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		s.refuse(err)
	case first:
		s.say("%s changed: serving after %s\n\n%s", s.names(project, changed), elapsed(s.Now().Sub(since)), s.banner(project))
		s.open()
	default:
		s.say("%s changed: serving again after %s", s.names(project, changed), elapsed(s.Now().Sub(since)))
	}
}

// turn builds the project, starts it, and only then stops what served before.
func (s *session) turn(ctx context.Context, project *Project) error {
	built := s.Now()
	packages, err := s.look(ctx, project)
	if err != nil {
		return err
	}
	if err := s.Builder.generate(project, packages); err != nil {
		return err
	}
	if err := compile(ctx, project, project.Binary()); err != nil {
		return err
	}
	fresh, err := start(ctx, launch{
		binary: project.Binary(), dir: project.Dir, env: s.environment(project), socket: s.socket,
		stdout: s.Stdout, stderr: s.Stderr, patience: s.Patience,
	})
	if err != nil {
		return err
	}
	fresh.built = built
	s.stop()
	s.serving = fresh
	return nil
}

// look checks the symbols and, at the same time, finds what to watch. What was found is watched before the build, even when
// the check fails: its mistakes are mended in those files.
func (s *session) look(ctx context.Context, project *Project) (loaded, error) {
	var packages loaded
	var in inputs
	group, both := errgroup.WithContext(ctx)
	var checkErr error
	group.Go(func() error {
		packages, checkErr = s.Builder.inspect(both, project)
		return nil
	})
	group.Go(func() (err error) {
		in, err = s.Builder.inputs(both, project)
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	if s.Reload {
		if err := s.watch.follow(in); err != nil {
			return nil, err
		}
	}
	return packages, checkErr
}

// environment is the child's: our own and what makes it a development server. The env file is the child's business, so that
// a variable is set, or wins, in the same way as in production.
func (s *session) environment(project *Project) []string {
	host, port, _ := net.SplitHostPort(s.address) // it came from a listener
	env := append(os.Environ(),
		config.EnvConfig+"="+project.File(), config.EnvDev+"=1", "HOST="+host, "PORT="+port)
	if _, decided := os.LookupEnv(config.EnvOfflineModel); !decided {
		env = append(env, config.EnvOfflineModel+"=1")
	}
	if s.Verbose {
		env = append(env, "LOG_LEVEL=debug")
	}
	return env
}

// refuse says why nothing was swapped, and what serves instead.
func (s *session) refuse(err error) {
	why := ""
	if ended, ok := errors.AsType[*exitError](err); ok { // it has said why by itself
		why = " (" + ended.Error() + ")"
	} else {
		s.complain("%v", err)
	}
	if s.serving == nil {
		s.complain("nothing serves yet%s; waiting for a change", why)
		return
	}
	s.complain("not swapped%s: the build of %s keeps serving", why, s.serving.built.Format(time.TimeOnly))
}

func (s *session) stop() {
	if s.serving != nil {
		s.serving.stop(s.Grace)
		s.serving = nil
	}
}

func (s *session) open() {
	if s.Open == nil || s.serving.ready.Studio == "" {
		return
	}
	if err := s.Open(s.url() + s.serving.ready.Studio); err != nil {
		s.complain("open a browser: %v", err)
	}
}

// names are the changed files for people.
func (s *session) names(project *Project, changed []string) string {
	slices.Sort(changed)
	name := relative(project.Dir, changed[0])
	if more := len(changed) - 1; more > 0 {
		name += fmt.Sprintf(" and %d more", more)
	}
	return name
}

func (s *session) say(format string, args ...any)      { write(s.Stdout, format, args...) }
func (s *session) complain(format string, args ...any) { write(s.Stderr, format, args...) }

// write is for a terminal: when that is gone, nobody is there to be told.
func write(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintln(w, strings.TrimRight(fmt.Sprintf(format, args...), "\n"))
}
