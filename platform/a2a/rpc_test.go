package a2a

import (
	"errors"
	"strings"
	"testing"
)

func TestRequests(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{
		`{"jsonrpc": "2.0", "id": 1, "method": "GetTask", "params": {}}`:   0,
		`{"jsonrpc": "2.0", "id": "x", "method": "GetTask"}`:               0,
		`{"jsonrpc": "2.0", "id": null, "method": "GetTask"}`:              0,
		`{"jsonrpc": "2.0", "id": 1e400, "method": "GetTask"}`:             codeRequest,
		`{"jsonrpc": "2.0", "id": {}, "method": "GetTask"}`:                codeRequest,
		`{"jsonrpc": "2.0", "id": true, "method": "GetTask"}`:              codeRequest,
		`{"jsonrpc": "2.0", "method": "GetTask"}`:                          codeRequest,
		`{"jsonrpc": "1.0", "id": 1, "method": "GetTask"}`:                 codeRequest,
		`{"jsonrpc": "2.0", "id": 1, "method": 7}`:                         codeRequest,
		`{"jsonrpc": "2.0", "id": 1, "method": "GetTask", "params": [1]}`:  codeParams,
		`{"jsonrpc": "2.0", "id": 1, "method": "GetTask", "params": null}`: 0,
		`[]`:   codeRequest,
		`7`:    codeRequest,
		`null`: codeRequest,
		``:     codeParse,
		`{`:    codeParse,
		"\x00": codeParse,
		`{"jsonrpc": "2.0", "id": "` + strings.Repeat("x", maxID) + `", "method": "GetTask"}`:                                          codeRequest,
		`{"jsonrpc": "2.0", "id": 1, "method": "x", "params": {"a": ` + strings.Repeat("[", 600) + strings.Repeat("]", 600) + `}}`:     codeRequest,
		`{"jsonrpc": "2.0", "id": 1, "method": "x", "params": {"a": ` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}}`: codeParse,
	} {
		var r rpcRequest
		var failed *rpcError
		got := 0
		if err := r.read([]byte(body)); errors.As(err, &failed) {
			got = failed.code
		} else if err != nil {
			t.Errorf("%.80s: %v", body, err)
		}
		if got != want {
			t.Errorf("%.80s: code %d, want %d", body, got, want)
		}
	}
}

func TestAccepts(t *testing.T) {
	t.Parallel()
	for header, want := range map[string][2]bool{ // of JSON, of a stream
		"":                                 {false, false},
		"*/*":                              {true, true},
		"application/json":                 {true, false},
		"text/event-stream":                {false, true},
		"text/html, application/*;q=0.5":   {true, false},
		"text/*":                           {false, true},
		"text/event-stream, text/html;q=1": {false, true},
		"application/jsonx":                {false, false},
		";;":                               {false, false},
	} {
		for i, streams := range []bool{false, true} {
			if err := accepts([]string{header}, streams); (err == nil) != want[i] {
				t.Errorf("Accept: %q, a stream: %t: %v", header, streams, err)
			}
		}
	}
	if accepts(nil, false) == nil {
		t.Error("no header passes")
	}
}

func TestSupported(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"": true, "1.0": true, "1.0.1": true, "0.3": true, "0.3.0": true, "1": false, "0.2": false, "1.00": false, "2.0": false} {
		if err := supported(text); (err == nil) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	p := place{1234567, someID}
	got, err := placeOf(p.token())
	if err != nil || got.RunID != someID || got.UpdatedAt.UnixMicro() != 1234567 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, token := range []string{"x", "e30", place{0, someID}.token(), place{-1, someID}.token(), place{1, "x"}.token(), place{1 << 60, someID}.token()} {
		if _, err := placeOf(token); err == nil {
			t.Errorf("%q: no error", token)
		}
	}
}
