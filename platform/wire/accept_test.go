package wire_test

import (
	"testing"

	"github.com/locutory/locutory/platform/wire"
)

func TestAccepts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		values, types []string
		want          bool
	}{
		"the only one":      {[]string{"application/json"}, []string{"application/json"}, true},
		"in another case":   {[]string{"Application/JSON"}, []string{"application/json"}, true},
		"with parameters":   {[]string{"text/html, application/json;q=0.1"}, []string{"application/json"}, true},
		"in a second line":  {[]string{"text/html", "application/json"}, []string{"application/json"}, true},
		"a range":           {[]string{"*/*"}, []string{"application/json", "*/*"}, true},
		"an unnamed range":  {[]string{"*/*"}, []string{"application/json"}, false},
		"another":           {[]string{"text/html"}, []string{"application/json"}, false},
		"part of a name":    {[]string{"application/jsonl"}, []string{"application/json"}, false},
		"no header":         {nil, []string{"application/json"}, false},
		"what is no header": {[]string{"application/json;;, /"}, []string{"text/html"}, false},
	} {
		if got := wire.Accepts(test.values, test.types...); got != test.want {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}
