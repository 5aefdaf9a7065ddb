package sdk_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/sdk"
)

func TestFrames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100<<10)
	tests := []struct {
		name, in string
		want     []sdk.Frame
		end      error
	}{
		{"nothing", "", nil, io.EOF},
		{"one", "event: values\ndata: {}\nid: 7\n\n", []sdk.Frame{{"values", "7", "{}"}}, io.EOF},
		{"CRLF", "event: values\r\ndata: {}\r\n\r\n", []sdk.Frame{{"values", "", "{}"}}, io.EOF},
		{"any order, no space", "id:7\ndata:{}\nevent:values\n\n", []sdk.Frame{{"values", "7", "{}"}}, io.EOF},
		{"comments", ": heartbeat\n\n: heartbeat\nevent: a\n: within\ndata: 1\n\n: heartbeat\n\n", []sdk.Frame{{"a", "", "1"}}, io.EOF},
		{"lines of data", "event: a\ndata: [1,\ndata:  2]\n\n", []sdk.Frame{{"a", "", "[1,\n 2]"}}, io.EOF},
		{"no data", "event: end\n\n", []sdk.Frame{{"end", "", ""}}, io.EOF},
		{"no name", "data: 1\n\n", []sdk.Frame{{"", "", "1"}}, io.EOF},
		{"an id is not inherited", "id: 1\ndata: 1\n\ndata: 2\n\n", []sdk.Frame{{"", "1", "1"}, {"", "", "2"}}, io.EOF},
		{"an id alone", "id: 1\n\ndata: 2\n\n", []sdk.Frame{{"", "", "2"}}, io.EOF},
		{"an id with NUL", "id: 1\x00\ndata: 2\n\n", []sdk.Frame{{"", "", "2"}}, io.EOF},
		{"unknown fields and lines", "retry: 5\nfoo: bar\nhello\ndata\n\n", []sdk.Frame{{"", "", ""}}, io.EOF},
		{"a byte order mark", "\xef\xbb\xbfdata: 1\n\n", []sdk.Frame{{"", "", "1"}}, io.EOF},
		{"a colon in data", "data: {\"a\":\"b: c\"}\n\n", []sdk.Frame{{"", "", `{"a":"b: c"}`}}, io.EOF},
		{"a long line", "data: " + long + "\n\n", []sdk.Frame{{"", "", long}}, io.EOF},
		{"an end within an event", "data: 1\n\ndata: 2\n", []sdk.Frame{{"", "", "1"}}, io.ErrUnexpectedEOF},
		{"an end within a line", "data: 1\n\nda", []sdk.Frame{{"", "", "1"}}, io.ErrUnexpectedEOF},
		{"a line beyond the bound", "data: 1\n\ndata: " + long + long + "\n\n", []sdk.Frame{{"", "", "1"}}, sdk.ErrTooLarge},
		{"many lines beyond the bound", strings.Repeat("data: "+long[:1000]+"\n", 200) + "\n", nil, sdk.ErrTooLarge},
		{"comments are not bounded", strings.Repeat(": "+long[:1000]+"\n", 200) + "data: 1\n\n", []sdk.Frame{{"", "", "1"}}, io.EOF},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for kind, in := range map[string]io.Reader{
				"whole":        strings.NewReader(test.in),
				"byte by byte": iotest.OneByteReader(strings.NewReader(test.in)),
			} {
				got, err := sdk.ReadFrames(in, 150<<10)
				if !errors.Is(err, test.end) {
					t.Errorf("%s: ended with %v, want %v", kind, err, test.end)
				}
				if diff := cmp.Diff(test.want, got); diff != "" {
					t.Errorf("%s: -want +got:\n%s", kind, diff)
				}
			}
		})
	}
}

func FuzzFrames(f *testing.F) {
	f.Add("event: values\r\ndata: {}\nid: 7\n\n: x\n\ndata")
	f.Fuzz(func(t *testing.T, in string) {
		whole, err1 := sdk.ReadFrames(strings.NewReader(in), 1<<10)
		slow, err2 := sdk.ReadFrames(iotest.OneByteReader(strings.NewReader(in)), 1<<10)
		if diff := cmp.Diff(whole, slow); diff != "" || !errors.Is(err1, err2) {
			t.Errorf("reading byte by byte differs (%v, %v):\n%s", err1, err2, diff)
		}
	})
}
