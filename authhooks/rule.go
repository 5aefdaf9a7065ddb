package authhooks

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Handler decides one call. An error denies: with 500, or with the status of an [*Error] (never 401). It has two seconds, and
// must be quick and free of side effects, since one request may ask several times. Policies as [OwnerOnly] are handlers.
type Handler func(ctx context.Context, c *Call) (Verdict, error)

// Rule says which handler decides which events. [On], [OnEvent] and [Resolve] make rules, [New] takes them.
type Rule struct {
	event
	title    string // as it was written: On("threads", "create")
	name     string // of the handler, for tables
	handle   Handler
	find     func(ctx context.Context, identity string) (*User, error)
	at       place
	mistakes []string
}

// On registers a handler for an event. Resource and action may be [Any]. Of all rules that fit a call the most specific runs, alone:
// resource and action, then the resource, then the action, then neither. The order in the list does not matter.
func On(resource Resource, action Action, handle Handler) Rule {
	r := Rule{event: event{resource, action}, title: fmt.Sprintf("On(%q, %q)", resource, action), handle: handle, at: caller()}
	switch all := resources(); {
	case resource != Any && !slices.Contains(all, resource):
		r.mistakes = append(r.mistakes, "no such resource; there are "+names(all))
	case action != Any && !slices.Contains(actions(resource), action) && resource == Any:
		r.mistakes = append(r.mistakes, "no such action; there are "+names(actions(Any)))
	case action != Any && !slices.Contains(actions(resource), action):
		r.mistakes = append(r.mistakes, fmt.Sprintf("%s has no such action; it has %s", resource, names(actions(resource))))
	}
	if handle == nil {
		r.mistakes = append(r.mistakes, "the handler is nil")
		return r
	}
	p := policyOf(handle)
	r.name = p.name
	r.mistakes = append(r.mistakes, p.mistakes...)
	return r
}

// OnEvent registers a handler for the one event whose value it takes: func(ctx, c, v *ThreadsCreate) is for threads:create.
func OnEvent[V any, P interface {
	*V
	Value
}](handle func(ctx context.Context, c *Call, v P) (Verdict, error),
) Rule {
	r := Rule{title: fmt.Sprintf("OnEvent(%T)", P(nil)), at: caller()}
	if ours(reflect.TypeFor[V]()) {
		r.resource, r.action = P(new(V)).event()
	} else {
		r.mistakes = append(r.mistakes, "the value is of no event; take one of authhooks, as *authhooks.ThreadsCreate")
	}
	if handle == nil {
		r.mistakes = append(r.mistakes, "the handler is nil")
	}
	r.name = nameOf(handle)
	r.handle = func(ctx context.Context, c *Call) (Verdict, error) {
		v, ok := c.Value.(P)
		if !ok {
			return Verdict{}, fmt.Errorf("the value of %s:%s is a %T, not a %T", c.Resource, c.Action, c.Value, v)
		}
		return handle(ctx, c, v)
	}
	return r
}

// Resolve registers who looks up a user by identity when a worker or a cron acts for someone who is not there, so that
// it acts with today's rights. An error ends the run or pauses the cron. Without it, what was known at the request is used.
func Resolve(find func(ctx context.Context, identity string) (*User, error)) Rule {
	r := Rule{title: "Resolve", name: nameOf(find), find: find, at: caller()}
	if find == nil {
		r.mistakes = append(r.mistakes, "the function is nil")
		r.find = func(context.Context, string) (*User, error) { return nil, errors.New("Resolve is nil") }
	}
	return r
}

// plain is the rule in messages that are not about its spelling: On(threads, read).
func (r Rule) plain() string {
	if r.find != nil {
		return "Resolve"
	}
	return fmt.Sprintf("On(%s, %s)", r.resource, r.action)
}

// ours reports whether a value's type is of this package. A struct of someone else's that embeds one of ours is a [Value] too, by its
// methods, and no handler would know it.
func ours(t reflect.Type) bool { return t.PkgPath() == reflect.TypeFor[Call]().PkgPath() }

// place is where something was written.
type place struct {
	file string
	line int
}

// caller is the place that called the function which asks.
func caller() place {
	_, file, line, _ := runtime.Caller(2)
	return place{file, line}
}

func (p place) short() string { return filepath.Base(p.file) + ":" + strconv.Itoa(p.line) }

func (p place) long() string {
	return filepath.Base(filepath.Dir(p.file)) + "/" + p.short()
}

func names[T ~string](all []T) string {
	texts := make([]string, len(all))
	for i, t := range all {
		texts[i] = string(t)
	}
	return strings.Join(texts, ", ")
}

// nameOf is the name of a function without its package path: addOwner.
func nameOf(fn any) string {
	f := runtime.FuncForPC(reflect.ValueOf(fn).Pointer())
	if f == nil {
		return "nil"
	}
	name := f.Name()
	name = strings.TrimSuffix(name[strings.LastIndex(name, "/")+1:], "-fm")
	_, name, _ = strings.Cut(name, ".")
	return name
}
