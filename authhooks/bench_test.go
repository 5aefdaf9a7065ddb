package authhooks_test

import (
	"testing"

	"github.com/locutory/locutory/authhooks"
)

func BenchmarkDecide(b *testing.B) {
	auth := authhooks.New(authhooks.Bearer(tokens), authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")))
	user := &authhooks.User{Identity: "alice", Permissions: []string{"read"}}
	b.ReportAllocs()
	for b.Loop() {
		v := &authhooks.ThreadsCreate{Metadata: authhooks.Metadata{"topic": "tea"}}
		if _, err := auth.Decide(b.Context(), &authhooks.Call{User: user, Value: v}); err != nil {
			b.Fatal(err)
		}
	}
}
