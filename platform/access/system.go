package access

import "github.com/locutory/locutory/authhooks"

// SystemAccess is the right of the server itself: no hook is asked and no filter holds. The zero SystemAccess gives zero scopes.
type SystemAccess struct{ reason string }

// System returns the server's own right, for a reason that is not empty: workers and sweepers have it, nothing that answers a
// request does. A test lists every use.
func System(reason string) SystemAccess { return SystemAccess{reason} }

// Permit returns [ErrNoScope] for a SystemAccess without a reason.
func (a SystemAccess) Permit() error {
	if a.reason == "" {
		return ErrNoScope
	}
	return nil
}

// Threads returns a scope that reaches every thread.
func (a SystemAccess) Threads(action authhooks.Action) ThreadScope {
	return ThreadScope{scope: a.scope(authhooks.Threads, action)}
}

// Assistants returns a scope that reaches every assistant.
func (a SystemAccess) Assistants(action authhooks.Action) AssistantScope {
	return AssistantScope{scope: a.scope(authhooks.Assistants, action)}
}

// Crons returns a scope that reaches every cron.
func (a SystemAccess) Crons(action authhooks.Action) CronScope {
	return CronScope{scope: a.scope(authhooks.Crons, action)}
}

// Items returns a scope that reaches every item of the common partition.
func (a SystemAccess) Items(action authhooks.Action) ItemScope {
	return ItemScope{scope: a.scope(authhooks.Store, action)}
}

func (a SystemAccess) scope(resource authhooks.Resource, action authhooks.Action) scope {
	if a.reason == "" {
		return scope{}
	}
	return scope{resource: resource, action: action}
}
