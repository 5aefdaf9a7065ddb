package runs_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/wire"
)

func TestMirror(t *testing.T) {
	t.Parallel()
	type o = wire.Object
	for name, tt := range map[string]struct{ configurable, context, wantConfigurable, wantContext o }{
		"neither":                            {nil, nil, nil, nil},
		"configurable":                       {o{"a": 1}, nil, o{"a": 1}, o{"a": 1}},
		"context":                            {nil, o{"a": 1}, o{"a": 1}, o{"a": 1}},
		"both":                               {o{"a": 1}, o{"b": 2}, o{"a": 1}, o{"b": 2}},
		"a place is no setting":              {o{"checkpoint_id": "c"}, o{"b": 2}, o{"checkpoint_id": "c", "b": 2}, o{"b": 2}},
		"a place alone":                      {o{"thread_id": "t"}, nil, o{"thread_id": "t"}, nil},
		"a place in the context stays there": {nil, o{"b": 2, "checkpoint_id": "c", "user_id": "u"}, o{"b": 2}, o{"b": 2, "checkpoint_id": "c", "user_id": "u"}},
		"the server's own are none":          {o{"a": 1, "langgraph_auth_user": 1, "__x": 1}, nil, o{"a": 1, "langgraph_auth_user": 1, "__x": 1}, o{"a": 1}},
	} {
		configurable, context := runs.Mirror(tt.configurable, tt.context)
		if diff := cmp.Diff([]o{tt.wantConfigurable, tt.wantContext}, []o{configurable, context}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
