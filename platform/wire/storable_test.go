package wire

import (
	"strings"
	"testing"
)

func TestDecodeRefusesWhatNoDatabaseHolds(t *testing.T) {
	t.Parallel()
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for name, test := range map[string]struct{ value, want string }{
		"deep":                   {nested(maxLevels - 2), ""},
		"too deep":               {nested(maxLevels - 1), "the body nests deeper than 500 levels"},
		"wide":                   {"[" + strings.Repeat("[],", 5000) + "{}]", ""},
		"brackets in a string":   {`"` + strings.Repeat(`[\"{\\`, 1000) + `"`, ""},
		"a number in a string":   {`"1e999"`, ""},
		"a great number":         {"1.7e308", ""},
		"too great":              {"1e309", "the number 1e309 is out of range"},
		"too great a negative":   {"-1E+999999", "the number -1E+999999 is out of range"},
		"nearly nothing":         {"1e-999999", ""},
		"a long integer":         {strings.Repeat("9", 300), ""},
		"too long":               {"0." + strings.Repeat("1", 20_000), "the number 0." + strings.Repeat("1", 38) + " is out of range"},
		"an integer, to the end": {"9007199254740993", ""},
	} {
		var in ThreadCreate
		err := Decode([]byte(`{"metadata": {"k": `+test.value+`}}`), &in)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}
