package authhooks

import "slices"

// Resource is what an event is about. Runs are no resource: they are reached through their thread.
type Resource string

// The resources.
const (
	Assistants Resource = "assistants"
	Crons      Resource = "crons"
	Store      Resource = "store"
	Threads    Resource = "threads"
)

// Action is what is done to a resource. Which resource has which action: see [Value].
type Action string

// The actions.
const (
	Create         Action = "create"
	Read           Action = "read"
	Update         Action = "update"
	Delete         Action = "delete"
	Search         Action = "search"
	CreateRun      Action = "create_run"
	Put            Action = "put"
	Get            Action = "get"
	ListNamespaces Action = "list_namespaces"
)

// Any, as resource or action of [On], stands for all of them. It is untyped, so it fits both.
const Any = "*"

// Values returns a fresh value of every event there is, grouped by resource. For servers and tests.
func Values() []Value {
	return []Value{
		&AssistantsCreate{}, &AssistantsRead{}, &AssistantsUpdate{}, &AssistantsDelete{}, &AssistantsSearch{},
		&CronsCreate{}, &CronsRead{}, &CronsUpdate{}, &CronsDelete{}, &CronsSearch{},
		&StorePut{}, &StoreGet{}, &StoreSearch{}, &StoreDelete{}, &StoreListNamespaces{},
		&ThreadsCreate{}, &ThreadsRead{}, &ThreadsUpdate{}, &ThreadsDelete{}, &ThreadsSearch{}, &RunsCreate{},
	}
}

// NewValue returns an empty value of the event, its maps made, or nil when there is no such event. For servers and tests.
func NewValue(resource Resource, action Action) Value {
	for _, v := range Values() {
		if r, a := v.event(); r == resource && a == action {
			fill(v)
			return v
		}
	}
	return nil
}

// Event returns what v is the value of; v must not be nil.
func Event(v Value) (Resource, Action) { return v.event() }

// makesRow reports whether the event makes a row that a handler may stamp. A create_run does: its thread may be new.
func makesRow(resource Resource, action Action) bool {
	switch action {
	case Create, CreateRun:
		return true
	case Put:
		return resource == Store
	default:
		return false
	}
}

// resources lists all resources in the order of [Values].
func resources() []Resource {
	var all []Resource
	for _, v := range Values() {
		if r, _ := v.event(); !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return all
}

// actions lists the actions of one resource, or of all when resource is Any, in the order of [Values].
func actions(resource Resource) []Action {
	var all []Action
	for _, v := range Values() {
		if r, a := v.event(); (r == resource || resource == Any) && !slices.Contains(all, a) {
			all = append(all, a)
		}
	}
	return all
}
