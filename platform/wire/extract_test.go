package wire_test

import (
	"strings"
	"testing"

	"github.com/locutory/locutory/platform/wire"
)

func TestPath(t *testing.T) {
	t.Parallel()
	const values = `{"messages":[{"id":"a"},{"id":"b","content":[1,"x"]}],"n":1.50,"none":null,"":{"k":1}}`
	for path, want := range map[string]string{
		"values":                         values,
		"values.n":                       `1.50`,
		"values.messages[0].id":          `"a"`,
		"values.messages[-1].id":         `"b"`,
		"values.messages[-1].content[1]": `"x"`,
		"values.messages[2]":             `null`,
		"values.messages[-3]":            `null`,
		"values.messages.id":             `null`,
		"values.n[0]":                    `null`,
		"values.none":                    `null`,
		"values.none.more[0]":            `null`,
		"values.absent":                  `null`,
		"values[0]":                      `null`,
	} {
		p, err := wire.ParsePath(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if got := string(p.In(raw(values))); got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	p, err := wire.ParsePath("values.messages[0]")
	if err != nil {
		t.Fatal(err)
	}
	if got := string(p.In(nil)); got != "null" {
		t.Errorf("of nothing: got %s, want null", got)
	}
}

func TestPathRefuses(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"", "owned", "value.n", "values.", "values..n", "values[", "values[]", "values[x]", "values[0", "values[1e3]", "values]", "values.n]",
		"values[0]n", ".values", "values[99999999999999999999]", "values" + strings.Repeat(".x", 200),
	} {
		if p, err := wire.ParsePath(path); err == nil {
			t.Errorf("%q was taken as %v", path, p)
		}
	}
}
