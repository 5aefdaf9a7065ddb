package authhooks_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/locutory/locutory/authhooks"
)

type role string

// The corner cases of the contract (auth.md 3.2), H-13 to H-16 among them.
func TestFilterMatch(t *testing.T) {
	t.Parallel()
	big := int64(1<<53 + 1)
	tests := map[string]struct {
		filter   authhooks.Filter
		metadata map[string]any
		want     bool
	}{
		"equal":                                  {authhooks.Eq("owner", "alice"), map[string]any{"owner": "alice"}, true},
		"another value":                          {authhooks.Eq("owner", "alice"), map[string]any{"owner": "bob"}, false},
		"a named string type":                    {authhooks.Eq("role", role("admin")), map[string]any{"role": role("admin")}, true},
		"no key":                                 {authhooks.Eq("owner", "alice"), map[string]any{}, false},
		"no metadata":                            {authhooks.Eq("owner", "alice"), nil, false},
		"H-15: no key is not the empty string":   {authhooks.Eq("org", ""), map[string]any{"owner": "bob"}, false},
		"H-13: the empty string is compared":     {authhooks.Eq("org", ""), map[string]any{"org": "acme"}, false},
		"H-13: zero is compared":                 {authhooks.Eq("level", 0), map[string]any{"level": 3}, false},
		"H-13: false is compared":                {authhooks.Eq("public", false), map[string]any{"public": true}, false},
		"null equals no scalar":                  {authhooks.Eq("owner", ""), map[string]any{"owner": nil}, false},
		"1 is 1.0":                               {authhooks.Eq("n", 1), map[string]any{"n": 1.0}, true},
		"1.0 is 1":                               {authhooks.Eq("n", 1.0), map[string]any{"n": json.Number("1")}, true},
		"1 is 10e-1":                             {authhooks.Eq("n", 1), map[string]any{"n": json.Number("10e-1")}, true},
		"1 is not text":                          {authhooks.Eq("n", 1), map[string]any{"n": "1"}, false},
		"text is not a number":                   {authhooks.Eq("n", "1"), map[string]any{"n": json.Number("1")}, false},
		"1 is not true":                          {authhooks.Eq("n", 1), map[string]any{"n": true}, false},
		"true is not 1":                          {authhooks.Eq("n", true), map[string]any{"n": 1}, false},
		"beyond 2^53, the same":                  {authhooks.Eq("n", big), map[string]any{"n": json.Number("9007199254740993")}, true},
		"beyond 2^53, one off":                   {authhooks.Eq("n", big), map[string]any{"n": json.Number("9007199254740992")}, false},
		"beyond 2^53, a float is one off":        {authhooks.Eq("n", big), map[string]any{"n": float64(1 << 53)}, false},
		"beyond int64, one off":                  {authhooks.Eq("n", 1e30), map[string]any{"n": json.Number("1000000000000000000000000000001")}, false},
		"beyond int64, the same":                 {authhooks.Eq("n", 1e30), map[string]any{"n": json.Number("1000000000000000000000000000000")}, true},
		"a fraction":                             {authhooks.Eq("n", 0.1), map[string]any{"n": json.Number("0.10")}, true},
		"no number at all":                       {authhooks.Eq("n", 1), map[string]any{"n": json.Number("1 ")}, false},
		"an array equals no scalar":              {authhooks.Eq("owner", "a"), map[string]any{"owner": []any{"a"}}, false},
		"an object equals no scalar":             {authhooks.Eq("owner", "a"), map[string]any{"owner": map[string]any{"$eq": "a"}}, false},
		"in":                                     {authhooks.In("team", "a", "b"), map[string]any{"team": "b"}, true},
		"not in":                                 {authhooks.In("team", "a", "b"), map[string]any{"team": "c"}, false},
		"in nothing":                             {authhooks.In[string]("team"), map[string]any{"team": ""}, false},
		"contains":                               {authhooks.Contains("members", "a"), map[string]any{"members": []any{"b", "a"}}, true},
		"contains, of a typed slice":             {authhooks.Contains("members", "a"), map[string]any{"members": []string{"a"}}, true},
		"contains wants all":                     {authhooks.Contains("members", "a", "b"), map[string]any{"members": []any{"a", "c"}}, false},
		"contains, of a scalar":                  {authhooks.Contains("members", "a"), map[string]any{"members": "a"}, false},
		"contains, of text that has it":          {authhooks.Contains("members", "a"), map[string]any{"members": "xax"}, false},
		"H-13: contains the empty string":        {authhooks.Contains("members", ""), map[string]any{"members": []any{"a"}}, false},
		"contains does not look deeper":          {authhooks.Contains("members", "a"), map[string]any{"members": []any{[]any{"a"}}}, false},
		"contains any":                           {authhooks.ContainsAny("members", "x", "a"), map[string]any{"members": []any{"a"}}, true},
		"contains any of nothing":                {authhooks.ContainsAny[string]("members"), map[string]any{"members": []any{"a"}}, false},
		"exists":                                 {authhooks.Exists("k"), map[string]any{"k": nil}, true},
		"does not exist":                         {authhooks.Exists("k"), map[string]any{}, false},
		"not":                                    {authhooks.Not(authhooks.Eq("k", "a")), map[string]any{"k": "b"}, true},
		"not, without the key":                   {authhooks.Not(authhooks.Eq("k", "a")), map[string]any{}, false},
		"not, of null":                           {authhooks.Not(authhooks.Eq("k", "a")), map[string]any{"k": nil}, true},
		"not exists":                             {authhooks.Not(authhooks.Exists("k")), map[string]any{}, true},
		"not in nothing, without the key":        {authhooks.Not(authhooks.In[string]("k")), map[string]any{}, false},
		"unknown or true":                        {authhooks.Or(authhooks.Eq("x", 1), authhooks.Eq("k", "a")), map[string]any{"k": "a"}, true},
		"not (unknown or false)":                 {authhooks.Not(authhooks.Or(authhooks.Eq("x", 1), authhooks.Eq("k", "a"))), map[string]any{"k": "b"}, false},
		"not (unknown and false)":                {authhooks.Not(authhooks.And(authhooks.Eq("x", 1), authhooks.Eq("k", "a"))), map[string]any{"k": "b"}, true},
		"all conditions":                         {authhooks.And(authhooks.Eq("a", 1), authhooks.Eq("b", 2)), map[string]any{"a": 1, "b": 3}, false},
		"none":                                   {authhooks.None(), map[string]any{"a": 1}, false},
		"H-7: the zero filter":                   {authhooks.Filter{}, map[string]any{"a": 1}, false},
		"H-7: not the zero filter":               {authhooks.Not(authhooks.Filter{}), map[string]any{"a": 1}, false},
		"H-16: or with the zero filter":          {authhooks.Or(authhooks.Exists("a"), authhooks.Filter{}), map[string]any{"a": 1}, false},
		"not of a filter with a key that is bad": {authhooks.Not(authhooks.Eq("a b", 1)), map[string]any{"a b": 2}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := tt.filter.Match(tt.metadata); got != tt.want {
				t.Errorf("%s on %v: %v, want %v", tt.filter, tt.metadata, got, tt.want)
			}
		})
	}
}

func TestFilterValidate(t *testing.T) {
	t.Parallel()
	deep := authhooks.Exists("k")
	for range 8 {
		deep = authhooks.Not(deep)
	}
	wide := make([]authhooks.Filter, 256)
	for i := range wide {
		wide[i] = authhooks.Exists("k")
	}
	tests := map[string]struct {
		filter authhooks.Filter
		want   string // in the error
	}{
		"R-25, H-7: the zero filter":    {authhooks.Filter{}, "it is empty"},
		"the zero filter inside":        {authhooks.And(authhooks.Exists("k"), authhooks.Filter{}), "it is empty"},
		"an empty key":                  {authhooks.Eq("", "a"), `the key ""`},
		"R-27: a key that is SQL":       {authhooks.Eq("k') OR 1=1 --", "a"), "the key"},
		"a key with a newline":          {authhooks.Eq("owner\n", "a"), "the key"},
		"a key that is too long":        {authhooks.Eq(strings.Repeat("k", 129), "a"), "the key"},
		"a path":                        {authhooks.Exists("a/b"), "the key"},
		"an operator as key":            {authhooks.Eq("$or", "a"), "the key"},
		"not UTF-8":                     {authhooks.Eq("k", "\xff"), "not UTF-8"},
		"NUL":                           {authhooks.In("k", "a", "\x00"), "not UTF-8 without NUL"},
		"NaN":                           {authhooks.Eq("k", math.NaN()), "no JSON number"},
		"infinity":                      {authhooks.Contains("k", math.Inf(1)), "no JSON number"},
		"nine levels":                   {deep, "more than 8 levels"},
		"257 conditions":                {authhooks.Or(authhooks.Exists("k"), wide...), "more than 256 conditions"},
		"1001 values":                   {authhooks.In("k", make([]int, 1001)...), "more than 1000 values"},
		"1001 values in two conditions": {authhooks.And(authhooks.In("k", make([]int, 1000)...), authhooks.Eq("k", 1)), "more than 1000 values"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tt.filter.Validate()
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("Validate() = %v, want %q", err, tt.want)
			}
			if _, err := tt.filter.MarshalJSON(); err == nil {
				t.Error("it can be written")
			}
			if tt.filter.Match(map[string]any{"k": "a", "": "a"}) || authhooks.Not(tt.filter).Match(map[string]any{"k": "b"}) {
				t.Error("it matches")
			}
		})
	}
}

func TestFilterLimitsAreReachable(t *testing.T) {
	t.Parallel()
	deep := authhooks.Exists("k")
	for range 7 {
		deep = authhooks.Not(deep)
	}
	wide := make([]authhooks.Filter, 255)
	for i := range wide {
		wide[i] = authhooks.Exists("k")
	}
	for _, f := range []authhooks.Filter{deep, authhooks.Or(authhooks.Exists("k"), wide...), authhooks.In("k", make([]int, 1000)...), authhooks.Eq(strings.Repeat("k", 128), 1)} {
		if err := f.Validate(); err != nil {
			t.Error(err)
		}
	}
}

func TestFilterText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		filter authhooks.Filter
		want   string
	}{
		{authhooks.Eq("owner", "a<b"), `{"owner":{"$eq":"a<b"}}`},
		{authhooks.Eq("n", 2.0), `{"n":{"$eq":2}}`},
		{authhooks.Contains("members", "a"), `{"members":{"$contains":"a"}}`},
		{authhooks.Contains("members", "a", "b"), `{"members":{"$contains":["a","b"]}}`},
		{authhooks.Or(authhooks.Eq("a", true), authhooks.Eq("b", 0.5)), `{"$or":[{"a":{"$eq":true}},{"b":{"$eq":0.5}}]}`},
		{authhooks.And(authhooks.Exists("a"), authhooks.In("b", "x")), `{"$and":[{"a":{"$exists":true}},{"b":{"$in":["x"]}}]}`},
		{authhooks.Not(authhooks.ContainsAny[string]("a")), `{"$not":{"a":{"$containsAny":[]}}}`},
		{authhooks.None(), `{"$none":true}`},
		{authhooks.And(authhooks.Exists("a")), `{"a":{"$exists":true}}`},
	}
	for _, tt := range tests {
		if got := tt.filter.String(); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
		if _, err := authhooks.ParseFilter([]byte(tt.want)); err != nil {
			t.Error(err)
		}
	}
}

func TestParseFilterAccepts(t *testing.T) {
	t.Parallel()
	tests := map[string]string{ // text: its full form
		`{"owner": "alice"}`:                       `{"owner":{"$eq":"alice"}}`,
		`{"a": 1, "b": {"$eq": 2}}`:                `{"$and":[{"a":{"$eq":1}},{"b":{"$eq":2}}]}`,
		`{"a": {"$eq": "x", "$contains": "y"}}`:    `{"$and":[{"a":{"$eq":"x"}},{"a":{"$contains":"y"}}]}`,
		`{"a": 1, "$or": [{"b": 1}, {"c": true}]}`: `{"$and":[{"a":{"$eq":1}},{"$or":[{"b":{"$eq":1}},{"c":{"$eq":true}}]}]}`,
		`{"n": 9007199254740993.0}`:                `{"n":{"$eq":9007199254740993}}`,
		`{"n": -0.0}`:                              `{"n":{"$eq":0}}`,
		`{"a": {"$in": []}}`:                       `{"a":{"$in":[]}}`,
		`{"$not": {"a": {"$exists": true}}}`:       `{"$not":{"a":{"$exists":true}}}`,
		` {"members": {"$contains": ["a"]}} `:      `{"members":{"$contains":"a"}}`,
	}
	for text, want := range tests {
		f, err := authhooks.ParseFilter([]byte(text))
		if err != nil || f.String() != want {
			t.Errorf("ParseFilter(%s) = %s, %v; want %s", text, f, err, want)
		}
	}
}

func TestParseFilterRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"H-7: an empty object":                  `{}`,
		"nothing":                               ``,
		"null":                                  `null`,
		"an array":                              `[]`,
		"text":                                  `"owner"`,
		"a condition without operator":          `{"a": {}}`,
		"H-15: a null value":                    `{"a": null}`,
		"a null operand":                        `{"a": {"$eq": null}}`,
		"an array as value":                     `{"a": ["x"]}`,
		"H-14: an unknown operator":             `{"a": {"$ne": "x"}}`,
		"H-14: one beside a known one":          `{"a": {"$eq": "x", "$gt": 1}}`,
		"an unknown operator for filters":       `{"$nor": [{"a": 1}, {"b": 1}]}`,
		"a nested object":                       `{"a": {"team": "x"}}`,
		"H-16: an empty group":                  `{"$or": [{"a": 1}, {}]}`,
		"one group":                             `{"$or": [{"a": 1}]}`,
		"no group":                              `{"$and": []}`,
		"groups in an object":                   `{"$or": {"a": 1}}`,
		"contains nothing":                      `{"a": {"$contains": []}}`,
		"equals an array":                       `{"a": {"$eq": ["x"]}}`,
		"in a scalar":                           `{"a": {"$in": "x"}}`,
		"in null":                               `{"a": {"$in": [null]}}`,
		"exists false":                          `{"a": {"$exists": false}}`,
		"none false":                            `{"$none": false}`,
		"the same key twice":                    `{"a": 1, "a": 2}`,
		"the same operator twice":               `{"a": {"$eq": 1, "$eq": 2}}`,
		"the same key written two ways":         `{"a": 1, "\u0061": 2}`,
		"more after it":                         `{"a": 1} {"b": 1}`,
		"garbage after it":                      `{"a": 1} x`,
		"an unfinished object":                  `{"a": 1`,
		"a bad key":                             `{"a'b": 1}`,
		"a number that no Go number holds":      `{"a": 1000000000000000000000000000001}`,
		"a number with too many digits":         `{"a": 0.12345678901234567890123}`,
		"a number beyond all":                   `{"a": 1e999999999999}`,
		"not UTF-8":                             "{\"a\": \"\xff\"}",
		"too deep":                              strings.Repeat(`{"$not":`, 100000) + `{"a":1}` + strings.Repeat(`}`, 100000),
		"too deep by an and that is not spelt":  strings.Repeat(`{"$not":`, 7) + `{"a":1,"b":1}` + strings.Repeat(`}`, 7),
		"an empty group deep inside of a group": `{"$and": [{"a": 1}, {"$or": [{"b": 1}, {"c": {}}]}]}`,
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if f, err := authhooks.ParseFilter([]byte(text)); err == nil {
				t.Errorf("it is read as %s", f)
			}
		})
	}
}
