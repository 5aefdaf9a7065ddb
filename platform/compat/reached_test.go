package compat

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// reached says which of the described answers some test has met.
var reached = struct {
	sync.Mutex
	all map[string]bool
}{all: map[string]bool{}}

// expect notes the answers of an operation.
func expect(o *described) {
	reached.Lock()
	defer reached.Unlock()
	for status := range o.Responses.Map() {
		if key := o.method + " " + o.path + " " + status; !reached.all[key] {
			reached.all[key] = false
		}
	}
}

// reach notes that an answer was met.
func reach(o *described, status string) {
	reached.Lock()
	defer reached.Unlock()
	reached.all[o.method+" "+o.path+" "+status] = true
}

// unmet returns the described answers that no test has met, without those that cannot be made here.
func unmet() []string {
	reached.Lock()
	defer reached.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(reached.all)), func(key string) bool {
		return reached.all[key] || unreachable(key) != ""
	})
}

// unreachable says why an answer cannot be made by a test; "" if it can.
func unreachable(key string) string {
	for _, exception := range unreachables() {
		if key == exception.operation+exception.status {
			return exception.why
		}
	}
	return ""
}

// unreached names an answer that no test meets, and why. The operation ends with a blank.
type unreached struct{ operation, status, why string }

func unreachables() []unreached {
	const never = "no hook is asked and no row is read: only a panic of ours could make it"
	var out []unreached
	for _, operation := range []string{
		"GET / ", "GET /ok ", "GET /info ", "GET /docs ", "GET /openapi.json ", "GET /platform.schema.json ", "GET /metrics ",
		"GET /mcp ", "GET /mcp/ ", "DELETE /mcp ", "DELETE /mcp/ ",
	} {
		out = append(out, unreached{operation, "500", never})
	}
	return append(out,
		unreached{"GET /feedback/tokens/{token} ", "500", "no hook is asked: only a database that fails could make it"},
		unreached{"POST /feedback/tokens/{token} ", "429", "it is GET's count, which a test meets: an hour's worth of requests"},
		unreached{"POST /feedback/tokens/{token} ", "500", "no hook is asked: only a database that fails could make it"},
	)
}

// reportUnmet prints what no test has met. It is an error at the end of a run of all tests.
func reportUnmet(code int) int {
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.bench"} {
		if f := flag.Lookup(name); f != nil && f.Value.String() != "" {
			return code
		}
	}
	list := unmet()
	if len(list) == 0 {
		return code
	}
	fmt.Printf("FAIL: the description says what no test has met; meet it, or say in unreachables why it cannot be:\n  %s\n", strings.Join(list, "\n  "))
	return 1
}
