package authhooks_test

import (
	"bytes"
	"encoding/json"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"github.com/locutory/locutory/authhooks"
)

// judged is a filter with what it means, told in another way than the package does it: nil is unknown.
type judged struct {
	filter authhooks.Filter
	judge  func(row map[string]any) *bool
}

func known(b bool) *bool { return &b }

var (
	someKeys   = []string{"a", "b", "c"}
	someValues = []any{"", "x", "1", "é", true, false, 0, 1, -2, int64(1<<53 + 1), 0.5, 1e30}
	someRow    = append([]any{nil, 1.0, json.Number("1e0"), json.Number("9007199254740992"), json.Number("9007199254740993.0"), json.Number("0.50"), map[string]any{"x": 1}}, someValues...)
)

func drawLeaf(t *rapid.T) judged {
	key := rapid.SampledFrom(someKeys).Draw(t, "key")
	values := rapid.SliceOfN(rapid.SampledFrom(someValues), 0, 3).Draw(t, "values")
	on := func(op func(value any) bool) func(map[string]any) *bool {
		return func(row map[string]any) *bool {
			value, ok := row[key]
			if !ok {
				return nil
			}
			return known(op(value))
		}
	}
	or := authhooks.None()
	for i, v := range values { // constructors are generic, so lists of mixed types are made of single ones
		if i == 0 {
			or = eq(key, v)
		} else {
			or = authhooks.Or(or, eq(key, v))
		}
	}
	switch rapid.IntRange(0, 6).Draw(t, "leaf") {
	case 0:
		return judged{authhooks.Exists(key), func(row map[string]any) *bool { _, ok := row[key]; return known(ok) }}
	case 1:
		return judged{authhooks.None(), func(map[string]any) *bool { return known(false) }}
	case 2:
		if len(values) == 0 {
			return judged{authhooks.In[string](key), on(func(any) bool { return false })}
		}
		return judged{or, on(func(value any) bool { return anyOf(values, func(v any) bool { return sameJSON(v, value) }) })}
	case 3:
		texts := rapid.SliceOfN(rapid.SampledFrom([]string{"", "x", "1"}), 0, 3).Draw(t, "texts")
		return judged{authhooks.In(key, texts...), on(func(value any) bool {
			return anyOf(texts, func(v string) bool { return sameJSON(v, value) })
		})}
	case 4:
		texts := rapid.SliceOfN(rapid.SampledFrom([]string{"", "x", "1"}), 0, 3).Draw(t, "texts")
		return judged{authhooks.ContainsAny(key, texts...), on(func(value any) bool {
			return anyOf(texts, func(v string) bool { return hasItem(value, v) })
		})}
	case 5:
		numbers := rapid.SliceOfN(rapid.SampledFrom([]float64{0, 1, 0.5}), 1, 3).Draw(t, "numbers")
		return judged{authhooks.Contains(key, numbers[0], numbers[1:]...), on(func(value any) bool {
			return !anyOf(numbers, func(v float64) bool { return !hasItem(value, v) })
		})}
	default:
		v := rapid.SampledFrom(someValues).Draw(t, "value")
		return judged{eq(key, v), on(func(value any) bool { return sameJSON(v, value) })}
	}
}

func drawFilter(t *rapid.T, depth int) judged {
	if depth == 0 || rapid.IntRange(0, 3).Draw(t, "branch") == 0 {
		return drawLeaf(t)
	}
	f := drawFilter(t, depth-1)
	switch rapid.IntRange(0, 2).Draw(t, "op") {
	case 0:
		return judged{authhooks.Not(f.filter), func(row map[string]any) *bool {
			if j := f.judge(row); j != nil {
				return known(!*j)
			}
			return nil
		}}
	case 1:
		g := drawFilter(t, depth-1)
		return judged{authhooks.And(f.filter, g.filter), func(row map[string]any) *bool { return both(f.judge(row), g.judge(row), false) }}
	default:
		g := drawFilter(t, depth-1)
		return judged{authhooks.Or(f.filter, g.filter), func(row map[string]any) *bool { return both(f.judge(row), g.judge(row), true) }}
	}
}

// both joins by the truth table: strong decides alone, as false does in And and true in Or.
func both(x, y *bool, strong bool) *bool {
	switch {
	case x != nil && *x == strong, y != nil && *y == strong:
		return known(strong)
	case x == nil || y == nil:
		return nil
	default:
		return known(!strong)
	}
}

func drawRow(t *rapid.T) map[string]any {
	value := rapid.OneOf(
		rapid.SampledFrom(someRow),
		rapid.Map(rapid.SliceOfN(rapid.SampledFrom(someRow), 0, 3), func(s []any) any { return s }),
	)
	return rapid.MapOfN(rapid.SampledFrom(someKeys), value, 0, 3).Draw(t, "row")
}

func TestMatchIsThreeValuedLogic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f, row := drawFilter(t, 3), drawRow(t)
		j := f.judge(row)
		if got, want := f.filter.Match(row), j != nil && *j; got != want {
			t.Fatalf("%s on %v: %v, want %v", f.filter, row, got, want)
		}
		if got, want := authhooks.Not(f.filter).Match(row), j != nil && !*j; got != want {
			t.Fatalf("not %s on %v: %v, want %v", f.filter, row, got, want)
		}
	})
}

func TestParsedFilterMatchesAlike(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f, row := drawFilter(t, 3).filter, drawRow(t)
		text, err := f.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := authhooks.ParseFilter(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if f.Match(row) != parsed.Match(row) {
			t.Fatalf("%s and %s differ on %v", f, parsed, row)
		}
		if stored := throughJSON(row).(map[string]any); f.Match(row) != f.Match(stored) {
			t.Fatalf("%s differs on %v and its JSON", f, row)
		}
	})
}

func FuzzParseFilter(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a": 1}`, `{"a": {"$contains": ["x", 2]}}`, `{"$or": [{"a": true}, {"$not": {"b": {"$exists": true}}}]}`,
		`{"a": {"$eq": "", "$in": []}}`, `{"$none": true}`, `{"$and": [{"a": 1e400}, {"b": -0.0}]}`, `{"a": null}`, `{"$or": [{}, {}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		parsed, err := authhooks.ParseFilter(text)
		if err != nil {
			if parsed.Validate() == nil {
				t.Fatal("an error comes with a valid filter")
			}
			return
		}
		if err := parsed.Validate(); err != nil {
			t.Fatalf("%q is read and invalid: %v", text, err)
		}
		again, err := authhooks.ParseFilter([]byte(parsed.String()))
		if err != nil || again.String() != parsed.String() {
			t.Fatalf("%q is %s, which is %s, %v", text, parsed, again, err)
		}
	})
}

func eq(key string, v any) authhooks.Filter {
	switch v := v.(type) {
	case string:
		return authhooks.Eq(key, v)
	case bool:
		return authhooks.Eq(key, v)
	case int:
		return authhooks.Eq(key, v)
	case int64:
		return authhooks.Eq(key, v)
	default:
		return authhooks.Eq(key, v.(float64))
	}
}

func anyOf[T any](all []T, ok func(T) bool) bool {
	for _, v := range all {
		if ok(v) {
			return true
		}
	}
	return false
}

func hasItem(value, item any) bool {
	items, ok := throughJSON(value).([]any)
	return ok && anyOf(items, func(v any) bool { return sameJSON(v, item) })
}

// sameJSON compares two scalars as JSON, numbers as fractions.
func sameJSON(a, b any) bool {
	a, b = throughJSON(a), throughJSON(b)
	switch a := a.(type) {
	case string, bool:
		return a == b
	case json.Number:
		n, ok := b.(json.Number)
		if !ok {
			return false
		}
		x, _ := new(big.Rat).SetString(a.String())
		y, _ := new(big.Rat).SetString(n.String())
		return x.Cmp(y) == 0
	}
	return false
}

func throughJSON(v any) any {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var out any
	if err := dec.Decode(&out); err != nil {
		panic(err)
	}
	return out
}
