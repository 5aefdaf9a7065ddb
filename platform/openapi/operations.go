package openapi

import (
	"fmt"
	"slices"

	"github.com/google/jsonschema-go/jsonschema"
)

// operations are those of all groups, by route.
func operations() (map[string]Operation, error) {
	out, ids := map[string]Operation{}, map[string]bool{}
	for _, o := range slices.Concat(
		metaOperations(), assistantOperations(), threadOperations(), stateOperations(), runOperations(), feedbackOperations(), cronOperations(), storeOperations(),
		agentOperations(),
	) {
		if _, twice := out[o.Route]; twice || ids[o.ID] {
			return nil, fmt.Errorf("openapi: %s (%s) is described twice", o.Route, o.ID)
		}
		out[o.Route], ids[o.ID] = o, true
	}
	return out, nil
}

// Described returns the routes that have an [Operation].
func Described() ([]string, error) {
	all, err := operations()
	return sortedKeys(all), err
}

// The parameters and headers that several operations share.

func pagination() []Header {
	return []Header{has("X-Pagination-Total"), has("X-Pagination-Next")}
}

func count(of string) Answer { return gives("How many "+of+" match.", integer(0, 0)) }

func lastEventID(says string) Parameter { return header("Last-Event-ID", says, text()) }

func cancelOnDisconnect() Parameter {
	return flag("cancel_on_disconnect", "Cancel the run when the client of this answer leaves.")
}

func action() Parameter {
	return query("action", "What the cancel leaves: the run, interrupted, or with rollback nothing of it.",
		&jsonschema.Schema{Type: "string", Enum: []any{"interrupt", "rollback"}, Default: []byte(`"interrupt"`)})
}

// values are what a run came to.
func values() *jsonschema.Schema { return &jsonschema.Schema{Types: []string{"object", "array"}} }
