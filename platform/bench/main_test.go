package main

import (
	"io"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParse(t *testing.T) {
	t.Parallel()
	o, err := parse([]string{"-d", "1s", "-c", "2", "-n", "9", "-run", "^thread", "-json"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if o.duration != time.Second || o.connections != 2 || o.count != 9 || !o.json || o.only.String() != "^thread" {
		t.Errorf("options are %+v", o)
	}
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no connection":   {[]string{"-c", "0"}, "must be positive"},
		"no time":         {[]string{"-d", "0s"}, "must be positive"},
		"negative warmup": {[]string{"-warmup", "-1s"}, "must not be negative"},
		"argument":        {[]string{"echo"}, `unexpected "echo"`},
		"expression":      {[]string{"-run", "("}, "-run:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := parse(test.args, io.Discard); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want %q", err, test.want)
			}
		})
	}
}
