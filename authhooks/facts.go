package authhooks

import (
	"encoding/json"
	"reflect"
	"slices"
	"time"
)

// Facts is what a request says and a handler may read but not change. A server fills the fields that belong to the event
// and hands them over with [SetFacts]; handlers read them through the methods of the value, so that only those that an
// event has can be asked for. Zero means absent.
type Facts struct {
	ThreadID       string // empty for a stateless run, a bulk cancel and a cron without a thread
	RunID          string
	AssistantID    string // always the id, also when the request named a graph
	CronID         string
	CheckpointID   string
	SourceThreadID string   // threads:create by a copy
	IDs            []string // threads:search by ids
	RunIDs         []string // threads:update by a cancel

	GraphID       string
	Name          string
	Description   string
	Version       int  // assistants:update that makes an old version the latest
	DeleteThreads bool // assistants:delete

	IfExists    string         // "raise" or "do_nothing"
	TTL         *time.Duration // threads:create and store:put
	Cancel      string         // threads:update by a cancel: "interrupt" or "rollback"
	StateValues json.RawMessage
	AsNode      string
	Status      string // threads:search; "pending" in threads:create_run; the status asked for in a bulk cancel
	Limit       int
	Offset      int

	// Of threads:create_run.
	IfNotExists             string // "create" or "reject"
	MultitaskStrategy       string
	AfterSeconds            float64
	PreventInsertIfInflight bool
	Input                   json.RawMessage
	Command                 json.RawMessage
	StreamMode              []string
	StreamSubgraphs         bool
	StreamResumable         bool
	InterruptBefore         []string // ["*"] for all nodes
	InterruptAfter          []string
	FeedbackKeys            []string
	Webhook                 string
	Temporary               bool // the thread goes away with its run

	// Of crons.
	Schedule       string
	Timezone       string
	EndTime        time.Time
	Enabled        *bool
	OnRunCompleted string
	UserID         string // as the request has it; who the cron belongs to is Call.User

	// Of the store.
	Query      string
	Index      []string // the fields to index; nil: as configured
	NoIndex    bool     // the request said "index": false
	RefreshTTL *bool
	MaxDepth   int
}

// SetFacts makes f the facts of v. For servers and tests; f's slices must not be changed afterwards.
func SetFacts(v Value, f Facts) { v.setFacts(f) }

// known is embedded in every value.
type known struct{ facts Facts }

func (k *known) setFacts(f Facts) { k.facts = f }

// clone returns a copy of v that shares no map and no slice with v, with nil maps made.
func clone(v Value) Value {
	from := reflect.ValueOf(v).Elem()
	to := reflect.New(from.Type())
	to.Elem().Set(from)
	eachField(to.Interface().(Value), func(field any) {
		switch f := field.(type) {
		case *map[string]any:
			*f = cloneMap(*f)
		case *[]string:
			*f = slices.Clone(*f)
		}
	})
	return to.Interface().(Value)
}

// fill makes the nil maps of v.
func fill(v Value) {
	eachField(v, func(field any) {
		if f, ok := field.(*map[string]any); ok && *f == nil {
			*f = map[string]any{}
		}
	})
}

// assign makes *to equal to *from; both have the same type.
func assign(to, from Value) { reflect.ValueOf(to).Elem().Set(reflect.ValueOf(from).Elem()) }

// eachField calls visit with a pointer to each exported field.
func eachField(v Value, visit func(field any)) {
	s := reflect.ValueOf(v).Elem()
	for i := range s.NumField() {
		if s.Type().Field(i).IsExported() {
			visit(s.Field(i).Addr().Interface())
		}
	}
}

// cloneMap returns a deep copy of a JSON object, never nil.
func cloneMap(m map[string]any) map[string]any {
	out := make(map[string]any, len(m))
	for k, v := range m {
		out[k] = cloneJSON(v)
	}
	return out
}

func cloneJSON(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if v == nil {
			return v
		}
		return cloneMap(v)
	case []any:
		out := slices.Clone(v)
		for i := range out {
			out[i] = cloneJSON(out[i])
		}
		return out
	case []string:
		return slices.Clone(v)
	default:
		return v
	}
}
