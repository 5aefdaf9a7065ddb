package graphs

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type weatherQuery struct {
	City  string   `json:"city" jsonschema:"name of a city, in English"`
	Unit  string   `json:"unit" jsonschema:"one of: C, F" default:"C"`
	Days  int      `json:"days,omitempty" jsonschema:"how far; one of: 1, 3, 7"`
	Parts []string `json:"parts,omitempty" jsonschema:"one of: wind, rain"`
	At    *textual `json:"at,omitempty"`
}

type textual struct{ s string }

func (t textual) MarshalText() ([]byte, error)     { return []byte(t.s), nil }
func (t *textual) UnmarshalText(text []byte) error { t.s = string(text); return nil }

func TestSchemaOf(t *testing.T) {
	t.Parallel()
	type state struct {
		MessagesState
		Draft string    `json:"draft"`
		When  time.Time `json:"when"`
		Any   json.RawMessage
		Skip  int `json:"-"`
		Sub   struct {
			On bool `json:"on" default:"true"`
		} `json:"sub"`
	}
	for _, tc := range []struct {
		name string
		typ  reflect.Type
		want string
	}{
		{
			"tags", reflect.TypeFor[weatherQuery](),
			`{"type":"object","properties":{` +
				`"city":{"type":"string","description":"name of a city, in English"},` +
				`"unit":{"type":"string","default":"C","enum":["C","F"]},` +
				`"days":{"type":"integer","description":"how far","enum":[1,3,7]},` +
				`"parts":{"type":"array","items":{"type":"string","enum":["wind","rain"]}},` +
				`"at":{"type":["null","string"]}},"required":["city"]}`,
		},
		{
			"state", reflect.TypeFor[state](),
			`{"type":"object","properties":{` +
				`"messages":{"type":"array","items":{"type":"object","properties":{"type":{"type":"string"},"content":true,"id":{"type":"string"}},"required":["type","content"]},"langgraph_type":"messages"},` +
				`"draft":{"type":"string"},"when":{"type":"string"},"Any":true,` +
				`"sub":{"type":"object","properties":{"on":{"type":"boolean","default":true}}}},` +
				`"required":["messages","draft","when","Any","sub"]}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			raw, err := SchemaOf(tc.typ)
			if err != nil {
				t.Fatal(err)
			}
			var got, want any
			if err := errors.Join(json.Unmarshal(raw, &got), json.Unmarshal([]byte(tc.want), &want)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s\n%s", diff, raw)
			}
			if again, _ := SchemaOf(tc.typ); string(again) != string(raw) {
				t.Errorf("not the same twice:\n%s\n%s", raw, again)
			}
		})
	}
}

func TestSchemaOfMistakes(t *testing.T) {
	t.Parallel()
	type tree struct{ Children []*tree }
	type wrong struct {
		N int `json:"n" default:"many"`
	}
	for name, typ := range map[string]reflect.Type{"cycle": reflect.TypeFor[tree](), "default": reflect.TypeFor[wrong](), "func": reflect.TypeFor[func()]()} {
		if raw, err := SchemaOf(typ); err == nil || !strings.Contains(err.Error(), typ.String()) {
			t.Errorf("%s: got %s, %v", name, raw, err)
		}
	}
}

// langchainTool is tools.Tool of langchaingo, which this package does not import.
type langchainTool interface {
	Name() string
	Description() string
	Call(ctx context.Context, input string) (string, error)
}

func TestNewTool(t *testing.T) {
	t.Parallel()
	weather := NewTool("weather", "The weather.", func(_ context.Context, q weatherQuery) (map[string]string, error) {
		if q.City == "Atlantis" {
			return nil, errors.New("sunk")
		}
		return map[string]string{"in": q.City + " <" + q.Unit + ">"}, nil
	})
	echo := NewTool("echo", "Echoes.", func(_ context.Context, s string) (string, error) { return s, nil })
	now := NewTool("now", "Now.", func(_ context.Context, _ struct{}) (int64, error) { return 1 << 60, nil })
	big := NewTool("big", "Big.", func(_ context.Context, in struct{ N int64 }) (int64, error) { return in.N, nil })
	for _, tc := range []struct {
		name, input, want string
		tool              langchainTool
		err               string
	}{
		{name: "object", tool: weather, input: `{"city":"Paris","unit":"F"}`, want: `{"in":"Paris <F>"}`},
		{name: "default", tool: weather, input: `{"city":"Paris"}`, want: `{"in":"Paris <C>"}`},
		{name: "missing", tool: weather, input: `{}`, err: "city"},
		{name: "not in the enum", tool: weather, input: `{"city":"Paris","unit":"K"}`, err: "unit"},
		{name: "no object", tool: weather, input: `3`, err: "JSON object"},
		{name: "own error", tool: weather, input: `{"city":"Atlantis"}`, err: "sunk"},
		{name: "text for the only argument", tool: echo, input: "plain \"text\"", want: "plain \"text\""},
		{name: "wrapped", tool: echo, input: `{"input":"x"}`, want: "x"},
		{name: "nothing", tool: now, input: "", want: "1152921504606846976"},
		{name: "digits stay", tool: big, input: `{"N":1152921504606846977}`, want: "1152921504606846977"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got, err := tc.tool.Call(t.Context(), tc.input)
			if tc.err != "" {
				if err == nil || !strings.Contains(err.Error(), tc.err) {
					t.Fatalf("got %q, %v; want an error with %q", got, err, tc.err)
				}
				if own := tc.err == "sunk"; errors.Is(err, ErrToolInput) == own {
					t.Errorf("ErrToolInput is %v for %v", !own, err)
				}
				return
			}
			if err != nil || got != tc.want {
				t.Errorf("got %q, %v; want %q", got, err, tc.want)
			}
		})
	}
}

func TestNewToolPanicsWithoutSchema(t *testing.T) {
	t.Parallel()
	defer func() {
		if said, _ := recover().(string); !strings.Contains(said, `tool "bad"`) {
			t.Errorf("panicked with %q", said)
		}
	}()
	NewTool("bad", "", func(context.Context, struct{ F func() }) (string, error) { return "", nil })
}

func TestToolCallFrom(t *testing.T) {
	t.Parallel()
	if call, ok := ToolCallFrom(t.Context()); ok {
		t.Errorf("found %+v", call)
	}
	call, ok := ToolCallFrom(WithToolCall(t.Context(), ToolCall{ID: "c"}))
	if !ok || call.ID != "c" {
		t.Errorf("got %+v, %v", call, ok)
	}
}
