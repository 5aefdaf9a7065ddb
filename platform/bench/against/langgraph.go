package main

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed langgraph/engine.mjs
var script []byte

// langGraph is the LangGraph engine for JavaScript, in a node process that takes one line of JSON for each round.
type langGraph struct {
	version string
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Scanner
	path    string
}

type jsRequest struct {
	benchCase
	Times int  `json:"times"`
	Kept  bool `json:"kept"`
}

type jsAnswer struct {
	spent
	stored
	Version string `json:"version"`
	Error   string `json:"error"`
}

// startLangGraph starts node with the script beside dir's node_modules, where its imports are found.
func startLangGraph(ctx context.Context, dir string, stderr io.Writer) (*langGraph, error) {
	js := &langGraph{path: filepath.Join(dir, "engine.mjs")}
	if err := os.WriteFile(js.path, script, 0o600); err != nil {
		return nil, fmt.Errorf("langgraph: %w", err)
	}
	js.cmd = exec.CommandContext(ctx, "node", "--expose-gc", js.path)
	js.cmd.Env = append(os.Environ(), "LANGSMITH_TRACING=false", "LANGCHAIN_TRACING_V2=false")
	js.cmd.Stderr = stderr
	in, errIn := js.cmd.StdinPipe()
	out, errOut := js.cmd.StdoutPipe()
	if err := errors.Join(errIn, errOut); err != nil {
		return nil, fmt.Errorf("langgraph: %w", err)
	}
	if err := js.cmd.Start(); err != nil {
		return nil, fmt.Errorf("langgraph: %w", err)
	}
	js.in, js.out = in, bufio.NewScanner(out)
	hello, err := js.answer()
	if err != nil {
		js.stop()
		return nil, err
	}
	js.version = hello.Version
	return js, nil
}

func (js *langGraph) stop() {
	_ = js.in.Close() // ends the script
	_ = js.cmd.Wait()
	_ = os.Remove(js.path)
}

func (js *langGraph) answer() (jsAnswer, error) {
	var a jsAnswer
	if !js.out.Scan() {
		return a, fmt.Errorf("langgraph: node has gone: %w", errors.Join(js.out.Err(), io.ErrUnexpectedEOF))
	}
	if err := json.Unmarshal(js.out.Bytes(), &a); err != nil {
		return a, fmt.Errorf("langgraph: %w", err)
	}
	if a.Error != "" {
		return a, fmt.Errorf("langgraph: %s", a.Error)
	}
	return a, nil
}

func (js *langGraph) ask(r jsRequest) (jsAnswer, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return jsAnswer{}, err
	}
	if _, err := js.in.Write(append(line, '\n')); err != nil {
		return jsAnswer{}, fmt.Errorf("langgraph: %w", err)
	}
	return js.answer()
}

func (js *langGraph) name() string { return "LangGraph JS" }

func (*langGraph) elsewhere() bool { return true }

func (js *langGraph) run(_ context.Context, c benchCase, times int) (spent, error) {
	a, err := js.ask(jsRequest{benchCase: c, Times: times})
	return a.spent, err
}

func (js *langGraph) kept(_ context.Context, c benchCase) (stored, error) {
	a, err := js.ask(jsRequest{benchCase: c, Times: 1, Kept: true})
	return a.stored, err
}
