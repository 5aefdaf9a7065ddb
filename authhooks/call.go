package authhooks

import (
	"fmt"
	"net/netip"
	"net/url"
	"reflect"
	"time"
)

// Origin is what made a call: the API, or something that acts for a user who is not there.
type Origin string

// The origins.
const (
	OriginAPI      Origin = "api"
	OriginWorker   Origin = "worker" // graph code, as the user of its run
	OriginCron     Origin = "cron"
	OriginMCP      Origin = "mcp"
	OriginA2A      Origin = "a2a"
	OriginInternal Origin = "internal"
)

// Call is one question to a [Handler]: may User do Action to Resource, with this Value? Each call is a copy of its own, so
// what a handler changes in one reaches no other.
type Call struct {
	User      *User // never nil in a handler
	Resource  Resource
	Action    Action
	Value     Value // never nil in a handler; see [OnEvent] for the typed form
	Origin    Origin
	Transport Transport
	Route     string // as the route table has it: "POST /threads/{thread_id}/runs"
	RequestID string
	ClientIP  netip.Addr
	Time      time.Time
	Cause     *Call // the call that this one follows from: a copy's read, for the create of the new thread; else nil

	stamp     map[string]any
	partition string
	mistake   error          // the first wrong Stamp or Partition
	probe     func(p policy) // set only to ask a policy what it is
}

// Stamp writes server-owned metadata on the row that this call makes: no client can forge it when creating or change it
// afterwards. It counts for threads:create, threads:create_run (the thread, when the run makes one), assistants:create,
// crons:create and store:put, and does nothing elsewhere, so that one handler can serve all events. The value is a string, bool
// or number, or a list of them. A nil or empty one denies the call as a programmer's mistake: rows without an owner are everyone's.
func (c *Call) Stamp(key string, value any) {
	if !makesRow(c.Resource, c.Action) {
		return
	}
	v, err := stampable(value)
	if err == nil {
		err = checkKey(key)
	}
	if err != nil {
		c.fail(fmt.Errorf("Stamp(%q): %w", key, err))
		return
	}
	if c.stamp == nil {
		c.stamp = map[string]any{}
	}
	c.stamp[key] = v
}

// Partition keeps the rows of store calls apart: the same namespaces and keys in two partitions are different items, and
// nobody sees the partition's name. It does nothing elsewhere. Called again, it divides the partition further. An empty name denies
// the call as a programmer's mistake.
func (c *Call) Partition(name string) {
	if c.Resource != Store {
		return
	}
	if err := checkText(name); err != nil || name == "" {
		c.fail(fmt.Errorf("Partition(%q): the name is empty or not plain text", name))
		return
	}
	if c.partition != "" {
		c.partition += "/"
	}
	c.partition += url.PathEscape(name) // "a/b" is not "a" then "b"
}

func (c *Call) fail(err error) {
	if c.mistake == nil {
		c.mistake = err
	}
}

// stampable returns value in its stored form.
func stampable(value any) (any, error) {
	if list := reflect.ValueOf(value); list.Kind() == reflect.Slice {
		if list.Len() == 0 {
			return nil, fmt.Errorf("the list is empty")
		}
		out := make([]any, list.Len())
		for i := range out {
			v, err := stampable(list.Index(i).Interface())
			if err != nil {
				return nil, fmt.Errorf("item %d: %w", i, err)
			}
			if _, nested := v.([]any); nested {
				return nil, fmt.Errorf("item %d is a list", i)
			}
			out[i] = v
		}
		return out, nil
	}
	v, ok := scalar(value)
	if !ok {
		return nil, fmt.Errorf("want a string, bool or number or a list of them, not %T", value)
	}
	if v == "" {
		return nil, fmt.Errorf("the value is empty")
	}
	return v, checkValue(v)
}
