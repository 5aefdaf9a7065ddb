package openapi

import (
	"encoding/json"
	"reflect"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/locutory/locutory/platform/wire"
)

// answered are the types that answers are made of. Their schemas say exactly what comes: all fields that are always there are required,
// and no others are allowed.
func answered() []reflect.Type {
	return []reflect.Type{
		reflect.TypeFor[wire.ErrorBody](), reflect.TypeFor[wire.OK](), reflect.TypeFor[wire.Info](),
		reflect.TypeFor[wire.Assistant](), reflect.TypeFor[wire.AssistantVersion](),
		reflect.TypeFor[wire.Drawing](), reflect.TypeFor[wire.GraphSchemas](),
		reflect.TypeFor[wire.Thread](), reflect.TypeFor[wire.ThreadTTL](), reflect.TypeFor[wire.ThreadPruned](), reflect.TypeFor[wire.ThreadStorage](),
		reflect.TypeFor[wire.ThreadState](), reflect.TypeFor[wire.Task](), reflect.TypeFor[wire.Interrupt](), reflect.TypeFor[wire.StateUpdated](),
		reflect.TypeFor[wire.Run](), reflect.TypeFor[wire.RunKwargs](), reflect.TypeFor[wire.RunError](), reflect.TypeFor[wire.RunFailed](),
		reflect.TypeFor[wire.Feedback](), reflect.TypeFor[wire.Delivery](),
		reflect.TypeFor[wire.Cron](),
		reflect.TypeFor[wire.Item](), reflect.TypeFor[wire.FoundItem](), reflect.TypeFor[wire.ItemPage](), reflect.TypeFor[wire.NamespacePage](),
	}
}

// asked are the types that requests are made of. Their schemas allow fields that the server ignores, and null for all that may be absent.
func asked() []reflect.Type {
	return []reflect.Type{
		reflect.TypeFor[wire.AssistantCreate](), reflect.TypeFor[wire.AssistantPatch](), reflect.TypeFor[wire.AssistantSearch](),
		reflect.TypeFor[wire.AssistantCount](), reflect.TypeFor[wire.AssistantVersions](), reflect.TypeFor[wire.AssistantLatest](),
		reflect.TypeFor[wire.ThreadCreate](), reflect.TypeFor[wire.ThreadPatch](), reflect.TypeFor[wire.ThreadSearch](),
		reflect.TypeFor[wire.ThreadCount](), reflect.TypeFor[wire.ThreadPrune](),
		reflect.TypeFor[wire.StateUpdate](), reflect.TypeFor[wire.StateAt](), reflect.TypeFor[wire.HistorySearch](),
		reflect.TypeFor[wire.RunCreate](), reflect.TypeFor[wire.RunBatch](), reflect.TypeFor[wire.BulkCancel](),
		reflect.TypeFor[wire.FeedbackCreate](),
		reflect.TypeFor[wire.CronCreate](), reflect.TypeFor[wire.CronPatch](), reflect.TypeFor[wire.CronSearch](), reflect.TypeFor[wire.CronCount](),
		reflect.TypeFor[wire.ItemPut](), reflect.TypeFor[wire.ItemDelete](), reflect.TypeFor[wire.ItemSearch](), reflect.TypeFor[wire.NamespaceSearch](),
		reflect.TypeFor[wire.Command](), reflect.TypeFor[wire.CheckpointConfig](), reflect.TypeFor[wire.Superstep](),
	}
}

// selectable are the answered types of which a request may select fields, with those that it may.
func selectable() map[reflect.Type][]string {
	return map[reflect.Type][]string{
		reflect.TypeFor[wire.Assistant](): wire.AssistantFields(),
		reflect.TypeFor[wire.Thread]():    append(wire.ThreadFields(), "extracted"),
		reflect.TypeFor[wire.Run]():       wire.RunFields(),
		reflect.TypeFor[wire.Cron]():      wire.CronFields(),

		reflect.TypeFor[wire.ThreadState](): wire.StateFields(),
	}
}

// nameOf is a type's name among the components.
func nameOf(t reflect.Type) string {
	if t == reflect.TypeFor[wire.ErrorBody]() {
		return "Error"
	}
	return t.Name()
}

// enums are the schemas of the named words of package wire.
func enums() map[reflect.Type]*jsonschema.Schema {
	return map[reflect.Type]*jsonschema.Schema{
		reflect.TypeFor[wire.IfExists]():          enum(wire.Values[wire.IfExists]()),
		reflect.TypeFor[wire.SortOrder]():         enum(wire.Values[wire.SortOrder]()),
		reflect.TypeFor[wire.AssistantSort]():     enum(wire.Values[wire.AssistantSort]()),
		reflect.TypeFor[wire.ThreadSort]():        enum(wire.Values[wire.ThreadSort]()),
		reflect.TypeFor[wire.ThreadStatus]():      enum(wire.Values[wire.ThreadStatus]()),
		reflect.TypeFor[wire.ThreadStreamMode]():  enum(wire.Values[wire.ThreadStreamMode]()),
		reflect.TypeFor[wire.TTLStrategy]():       enum(wire.Values[wire.TTLStrategy]()),
		reflect.TypeFor[wire.RunStatus]():         enum(wire.Values[wire.RunStatus]()),
		reflect.TypeFor[wire.DeliveryStatus]():    enum(wire.Values[wire.DeliveryStatus]()),
		reflect.TypeFor[wire.MultitaskStrategy](): enum(wire.Values[wire.MultitaskStrategy]()),
		reflect.TypeFor[wire.IfNotExists]():       enum(wire.Values[wire.IfNotExists]()),
		reflect.TypeFor[wire.OnDisconnect]():      enum(wire.Values[wire.OnDisconnect]()),
		reflect.TypeFor[wire.OnCompletion]():      enum(wire.Values[wire.OnCompletion]()),
		reflect.TypeFor[wire.Durability]():        enum(wire.Values[wire.Durability]()),
		reflect.TypeFor[wire.StreamMode]():        enum(wire.Values[wire.StreamMode]()),
		reflect.TypeFor[wire.CancelAction]():      enum(wire.Values[wire.CancelAction]()),
		reflect.TypeFor[wire.CancelStatus]():      enum(wire.Values[wire.CancelStatus]()),
		reflect.TypeFor[wire.OnRunCompleted]():    enum(wire.Values[wire.OnRunCompleted]()),
		reflect.TypeFor[wire.CronSort]():          enum(wire.Values[wire.CronSort]()),
	}
}

func enum[E ~string](values []E) *jsonschema.Schema {
	s := &jsonschema.Schema{Type: "string"}
	for _, v := range values {
		s.Enum = append(s.Enum, string(v))
	}
	return s
}

// plain are the types that both requests and answers write in a way of their own.
func plain() map[reflect.Type]*jsonschema.Schema {
	out := enums()
	out[reflect.TypeFor[wire.Time]()] = &jsonschema.Schema{Type: "string", Format: "date-time"}
	out[reflect.TypeFor[wire.Object]()] = object()
	out[reflect.TypeFor[wire.Config]()] = ref("Config")
	out[reflect.TypeFor[wire.Names]()] = anyOf(&jsonschema.Schema{Type: "string", Enum: []any{"*"}}, listOf(&jsonschema.Schema{Type: "string", MinLength: ptr(1)}))
	out[reflect.TypeFor[json.RawMessage]()] = &jsonschema.Schema{}
	return out
}

// inAnswers are the types as answers write them, inRequests as requests may.
func inAnswers() map[reflect.Type]*jsonschema.Schema {
	out := plain()
	out[reflect.TypeFor[wire.CheckpointConfig]()] = ref("Checkpoint")
	out[reflect.TypeFor[wire.Command]()] = ref("Command")
	out[reflect.TypeFor[wire.Interrupts]()] = &jsonschema.Schema{Type: "object", AdditionalProperties: listOf(ref("Interrupt"))}
	out[reflect.TypeFor[wire.StreamModes]()] = listOf(enum(wire.Values[wire.StreamMode]()))
	out[reflect.TypeFor[wire.FeedbackKeys]()] = &jsonschema.Schema{Types: []string{"array", "null"}, Items: text()}
	out[reflect.TypeFor[wire.Webhook]()] = text()
	return out
}

func inRequests() map[reflect.Type]*jsonschema.Schema {
	mode := enum(wire.Values[wire.StreamMode]())
	strategy := nullable(enum(wire.Values[wire.TTLStrategy]()))
	minutes := &jsonschema.Schema{Type: "number", ExclusiveMinimum: ptr(0.0), Maximum: ptr(float64(wire.MaxTTL))}
	send := &jsonschema.Schema{Type: "object", Required: []string{"node"}, Properties: map[string]*jsonschema.Schema{"node": text(), "input": {}}}
	target := anyOf(text(), send)
	out := plain()
	out[reflect.TypeFor[wire.Time]()] = &jsonschema.Schema{Type: "string", Description: "RFC 3339; in UTC when no zone is named."}
	out[reflect.TypeFor[wire.StreamModes]()] = anyOf(mode, listOf(mode), &jsonschema.Schema{Type: "string", Enum: []any{""}})
	out[reflect.TypeFor[wire.FeedbackKeys]()] = anyOf(text(), listOf(text()))
	out[reflect.TypeFor[wire.Webhook]()] = &jsonschema.Schema{Type: "string", MinLength: ptr(1), MaxLength: ptr(65536)}
	out[reflect.TypeFor[wire.Limit]()] = integer(1, wire.MaxLimit)
	out[reflect.TypeFor[wire.Offset]()] = integer(0, 0)
	out[reflect.TypeFor[wire.Minutes]()] = &jsonschema.Schema{Type: "number", ExclusiveMinimum: ptr(0.0)}
	out[reflect.TypeFor[wire.ItemIndex]()] = anyOf(&jsonschema.Schema{Type: "boolean", Enum: []any{false}}, words())
	out[reflect.TypeFor[wire.TTL]()] = anyOf(minutes, &jsonschema.Schema{
		Type: "object", Required: []string{"ttl"}, Properties: map[string]*jsonschema.Schema{"ttl": minutes.CloneSchemas(), "strategy": strategy},
	})
	out[reflect.TypeFor[wire.Extract]()] = &jsonschema.Schema{Type: "object", MaxProperties: ptr(10), AdditionalProperties: text()}
	out[reflect.TypeFor[wire.Before]()] = anyOf(text(), object())
	out[reflect.TypeFor[wire.Writes]()] = anyOf(object(), listOf(&jsonschema.Schema{Type: "array", Items: &jsonschema.Schema{}, MinItems: ptr(2), MaxItems: ptr(2)}))
	out[reflect.TypeFor[wire.Goto]()] = anyOf(target, listOf(target.CloneSchemas()))
	out[reflect.TypeFor[wire.Optional[json.RawMessage]]()] = &jsonschema.Schema{}
	out[reflect.TypeFor[wire.Optional[*wire.Time]]()] = &jsonschema.Schema{Types: []string{"string", "null"}, Description: "RFC 3339; in UTC when no zone is named. Null takes it away."}
	out[reflect.TypeFor[wire.Command]()] = ref("Command")
	out[reflect.TypeFor[wire.CheckpointConfig]()] = ref("CheckpointConfig")
	out[reflect.TypeFor[wire.Superstep]()] = ref("Superstep")
	out[reflect.TypeFor[wire.RunCreate]()] = ref("RunCreate")
	return out
}

func object() *jsonschema.Schema { return &jsonschema.Schema{Type: "object"} }

func anyOf(s ...*jsonschema.Schema) *jsonschema.Schema { return &jsonschema.Schema{AnyOf: s} }

func ptr[T any](v T) *T { return &v }
