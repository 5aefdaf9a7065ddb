package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

func FuzzAssistantCreate(f *testing.F) {
	fuzz[AssistantCreate](f, `{"graph_id": "a", "config": {"configurable": {"k": 1}}, "if_exists": "raise"}`)
}

func FuzzAssistantPatch(f *testing.F) {
	fuzz[AssistantPatch](f, `{"name": "x", "description": null, "config": {"recursion_limit": 3}}`)
}

func FuzzAssistantSearch(f *testing.F) {
	fuzz[AssistantSearch](f, `{"metadata": {"k": 1}, "limit": 5, "sort_by": "name", "select": ["name"]}`)
}

func FuzzAssistantCount(f *testing.F) { fuzz[AssistantCount](f, `{"metadata": {"k": 1}, "name": "x"}`) }

func FuzzAssistantVersions(f *testing.F) {
	fuzz[AssistantVersions](f, `{"metadata": {"k": 1}, "limit": 5, "offset": 2}`)
}
func FuzzAssistantLatest(f *testing.F) { fuzz[AssistantLatest](f, `{"version": 1}`) }
func FuzzThreadCreate(f *testing.F) {
	fuzz[ThreadCreate](f, `{"ttl": {"ttl": 5}, "supersteps": [{"updates": [{"values": {}, "as_node": "n", "command": {"goto": "x"}}]}]}`)
}
func FuzzThreadPatch(f *testing.F) { fuzz[ThreadPatch](f, `{"metadata": {"k": 1}, "ttl": 5}`) }
func FuzzThreadSearch(f *testing.F) {
	fuzz[ThreadSearch](f, `{"ids": ["01234567-89ab-7cde-8f01-23456789abcd"], "values": {"a": 1}, "extract": {"a": "values.messages[0].content"}}`)
}

func FuzzThreadCount(f *testing.F) { fuzz[ThreadCount](f, `{"metadata": {"k": 1}, "status": "idle"}`) }

func FuzzThreadPrune(f *testing.F) {
	fuzz[ThreadPrune](f, `{"thread_ids": ["01234567-89ab-7cde-8f01-23456789abcd"], "strategy": "delete"}`)
}

func FuzzStateUpdate(f *testing.F) {
	fuzz[StateUpdate](f, `{"values": {"a": 1}, "as_node": "n", "checkpoint": {"checkpoint_ns": ""}}`)
}

func FuzzStateAt(f *testing.F) {
	fuzz[StateAt](f, `{"checkpoint": {"checkpoint_id": "x", "checkpoint_map": {"": "y"}}, "subgraphs": true, "select": ["values.k"]}`)
}

func FuzzHistorySearch(f *testing.F) {
	fuzz[HistorySearch](f, `{"limit": 3, "before": {"configurable": {"checkpoint_id": "x"}}, "metadata": {"k": 1}, "select": ["next"]}`)
}

func FuzzRunCreate(f *testing.F) {
	fuzz[RunCreate](f, `{"assistant_id": "a", "input": {}, "command": {"resume": 1, "goto": [{"node": "n", "input": 1}]}, "stream_mode": "values", "interrupt_before": "*"}`)
}

func FuzzRunBatch(f *testing.F) {
	fuzz[RunBatch](f, `[{"assistant_id": "a"}, {"assistant_id": "b", "after_seconds": 1}]`)
}
func FuzzBulkCancel(f *testing.F) { fuzz[BulkCancel](f, `{"status": "all"}`) }
func FuzzCronCreate(f *testing.F) {
	fuzz[CronCreate](f, `{"assistant_id": "a", "schedule": "* * * * *", "end_time": "2100-01-01T00:00:00Z", "webhook": "https://x.example"}`)
}

func FuzzCronPatch(f *testing.F) {
	fuzz[CronPatch](f, `{"enabled": false, "end_time": null, "config": {}}`)
}

func FuzzCronSearch(f *testing.F) {
	fuzz[CronSearch](f, `{"assistant_id": "a", "sort_by": "next_run_date", "select": ["cron_id"]}`)
}
func FuzzCronCount(f *testing.F) { fuzz[CronCount](f, `{"metadata": {"k": 1}}`) }
func FuzzItemPut(f *testing.F) {
	fuzz[ItemPut](f, `{"namespace": ["a"], "key": "k", "value": {}, "index": false, "ttl": 5}`)
}
func FuzzItemDelete(f *testing.F) { fuzz[ItemDelete](f, `{"namespace": ["a"], "key": "k"}`) }
func FuzzItemSearch(f *testing.F) {
	fuzz[ItemSearch](f, `{"namespace_prefix": ["a"], "filter": {"a": {"$gt": 1}}, "query": "x"}`)
}

func FuzzNamespaceSearch(f *testing.F) {
	fuzz[NamespaceSearch](f, `{"prefix": ["*"], "suffix": ["a"], "max_depth": 2}`)
}

func FuzzFeedbackCreate(f *testing.F) {
	fuzz[FeedbackCreate](f, `{"score": 1, "value": {"a": 1}, "comment": "x"}`)
}

// fuzz decodes bodies: an error is a [BodyError] of one line, what was taken can be written and taken again with the same result, and no
// U+0000 is in it.
func fuzz[T any](f *testing.F, good string) {
	f.Helper()
	var v T
	if err := Decode([]byte(good), &v); err != nil {
		f.Fatalf("the seed is no good: %v", err)
	}
	for _, body := range []string{
		good, ``, ` `, `null`, `{}`, `[]`, `[{}]`, `{"metadata": {"a\u0000": "\u0000"}}`, `{"metadata": {"\\u0000": "\ud800"}}`, "\"\xff\"", "{\"a\": \"\x00\"}",
		`{"limit": 1e400}`, `{"limit": 99999999999999999999}`, `{"metadata": {"a": -0, "b": 1e308}}`, strings.Repeat(`{"metadata":`, 1000), strings.Repeat("[", 20_000),
		`{"config": {"configurable": {"a": 1}, "configurable": {"b": 2}}}`, strings.Replace(good, "{", `{"`+strings.Repeat("x", 5000)+`": 1, `, 1), good + good,
		strings.ReplaceAll(good, `"`, `"\u0000`), strings.ReplaceAll(good, "1", "1e999"), strings.ReplaceAll(good, ":", ": ["),
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var first T
		if err := Decode(body, &first); err != nil {
			var told *BodyError
			if !errors.As(err, &told) || told.Detail == "" || strings.ContainsAny(told.Detail, "\n\r") {
				t.Fatalf("an error that no client can be told: %T %q", err, err)
			}
			return
		}
		if _, err := UnknownFields[T](body); err != nil && bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) {
			t.Errorf("taken, but its fields are not to be listed: %v", err)
		}
		again, err := json.Marshal(first)
		if err != nil {
			t.Fatalf("taken, and cannot be written: %v", err)
		}
		if !bytes.Equal(again, withoutNUL(again)) {
			t.Errorf("U+0000 is in it: %s", again)
		}
		var second T
		if err := Decode(again, &second); err != nil {
			t.Fatalf("taken, and not taken again: %v\n%s\n%s", err, body, again)
		}
		if third, err := json.Marshal(second); err != nil || !bytes.Equal(again, third) {
			t.Errorf("%s differs when it is written again: %v\n%s\n%s", reflect.TypeFor[T](), err, again, third)
		}
	})
}
