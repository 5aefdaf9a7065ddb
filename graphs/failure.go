package graphs

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// sentinel is an error with a class: what a client sees in the field "error" of a failure.
type sentinel struct{ class, text string }

func (s *sentinel) Error() string { return s.text }

// Class returns the name under which the field knows the error.
func (s *sentinel) Class() string { return s.class }

// The errors that a server has to tell apart.
var (
	// ErrGraphRecursion ends a run that has taken [Config].RecursionLimit steps and has more to do.
	ErrGraphRecursion error = &sentinel{"GraphRecursionError", "recursion limit reached"}
	// ErrInvalidUpdate is about writes that a channel or the graph cannot take.
	ErrInvalidUpdate error = &sentinel{"InvalidUpdateError", "invalid update"}
	// ErrAmbiguousUpdate is returned by Write when several nodes wrote last and the update does not say for which it is.
	ErrAmbiguousUpdate error = &sentinel{"InvalidUpdateError", "Ambiguous update, specify as_node"}
	// ErrUnknownNode is about a node that the graph does not have.
	ErrUnknownNode error = &sentinel{"InvalidUpdateError", "no such node"}
	// ErrEmptyCommand is returned for a Command from outside that says nothing.
	ErrEmptyCommand error = &sentinel{"EmptyInputError", "Received empty Command input"}
	// ErrEmptyInput is returned for a run without input on a thread that has no checkpoint.
	ErrEmptyInput error = &sentinel{"EmptyInputError", "Received no input for __start__"}
	// ErrAmbiguousResume is returned for one resume value when several interrupts wait.
	ErrAmbiguousResume error = &sentinel{"RuntimeError", "When there are multiple pending interrupts, you must specify the interrupt id when resuming"}
	// ErrNoSaver is returned where a checkpoint is needed and [Config].Saver is nil.
	ErrNoSaver error = &sentinel{"ValueError", "No checkpointer set"}
)

// classed gives a sentinel a message of its own.
type classed struct {
	kind error
	text string
}

func (c *classed) Error() string { return c.text }
func (c *classed) Unwrap() error { return c.kind }

func failf(kind error, format string, args ...any) error {
	return &classed{kind, fmt.Sprintf(format, args...)}
}

// InputError says that a value from outside does not fit a channel of the graph: a server answers 422.
type InputError struct {
	// Channel is the state key; empty when the input as a whole is wrong.
	Channel string
	// Type is the Go type that the channel holds.
	Type string
	Err  error
}

// Error says what went wrong, for people.
func (e *InputError) Error() string {
	if e.Channel == "" {
		return "input: " + plain(e.Err)
	}
	return fmt.Sprintf("channel %q (%s): %s", e.Channel, e.Type, plain(e.Err))
}

// plain says what JSON did not fit for those who know neither Go nor its packages.
func plain(err error) string {
	var unfit *json.UnmarshalTypeError
	if !errors.As(err, &unfit) {
		return err.Error()
	}
	text := "got a JSON " + unfit.Value
	if unfit.Type.Kind() != reflect.Map { // whose Go name says no more than that it is an object
		text += ", want " + unfit.Type.String()
	}
	if unfit.Field != "" {
		text = fmt.Sprintf("%s: %s", unfit.Field, text)
	}
	return strings.Replace(err.Error(), unfit.Error(), text, 1)
}

// Unwrap returns the cause.
func (e *InputError) Unwrap() error { return e.Err }

// Class returns the class that clients see.
func (e *InputError) Class() string { return "InputError" }

// NodeError is the failure of a node; Err is what the node returned.
type NodeError struct {
	Node, Task string
	Err        error
}

// Error says what went wrong, for people.
func (e *NodeError) Error() string { return fmt.Sprintf("node %q: %v", e.Node, e.Err) }

// Unwrap returns what the node returned.
func (e *NodeError) Unwrap() error { return e.Err }

// TimeoutError says that a node, or a step when Node is empty, took longer than Limit. The node saw its context end; it is
// retried like any other failure.
type TimeoutError struct {
	Node  string
	Limit time.Duration
}

// Error says what went wrong, for people.
func (e *TimeoutError) Error() string {
	if e.Node == "" {
		return fmt.Sprintf("the step took longer than %v", e.Limit)
	}
	return fmt.Sprintf("node %q took longer than %v", e.Node, e.Limit)
}

// Class returns the class that clients see.
func (e *TimeoutError) Class() string { return "TimeoutError" }

// PanicError is a panic of user code. Its message does not hold the stack: that is for logs only.
type PanicError struct {
	Value any
	Stack []byte
}

// Error says what went wrong, for people.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Class returns the class that clients see.
func (e *PanicError) Class() string { return "PanicError" }

// FailureOf returns err as clients see it. Class is what the outermost error with a method Class() string says, else the type
// name of the innermost error that has a type of its own, else "Error"; Message is the text without the engine's context.
func FailureOf(err error) *Failure {
	if err == nil {
		return nil
	}
	shown := err
	var node *NodeError
	for errors.As(shown, &node) {
		shown = node.Err
	}
	return &Failure{Class: classOf(shown), Message: shown.Error()}
}

func classOf(err error) string {
	var named interface{ Class() string }
	if errors.As(err, &named) {
		return named.Class()
	}
	class := "Error"
	for err != nil {
		if name, ok := typeName(err); ok {
			class = name
		}
		switch e := err.(type) { //nolint:errorlint // the chain is walked by hand
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			if all := e.Unwrap(); len(all) > 0 {
				err = all[0]
				continue
			}
			return class
		default:
			return class
		}
	}
	return class
}

// typeName returns the name of err's type unless it is one of the wrappers of errors and fmt, which say nothing.
func typeName(err error) (string, bool) {
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch pkg := t.PkgPath(); {
	case t.Name() == "", pkg == "errors", pkg == "fmt", strings.HasSuffix(pkg, "pkg/errors"):
		return "", false
	}
	return t.Name(), true
}
