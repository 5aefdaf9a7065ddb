package runs

import (
	"encoding/json"

	"github.com/locutory/locutory/platform/wire"
)

// What LangGraph's RemoteGraph sends among the settings when it is a node of a graph that resumes: that it does, and the answers by
// interrupt id, if the caller gave them by id.
const (
	keyResuming  = "__pregel_resuming"
	keyResumeMap = "__pregel_resume_map"
)

// resumeAsNode takes a run for what it is whose caller is a graph that resumes. The answers become a command, as the client could have
// sent it itself, so that the hook sees it; the keys are dropped like all that begin with underscores.
func (c *creation) resumeAsNode() {
	settings := c.body.Config.Configurable
	if on, _ := settings[keyResuming].(bool); !on || c.body.Command != nil || c.body.Checkpoint != nil || c.stateless {
		return
	}
	c.resuming = true
	answers, _ := settings[keyResumeMap].(map[string]any)
	if len(answers) == 0 {
		return
	}
	resume, err := json.Marshal(answers)
	if err != nil { // it came as JSON
		return
	}
	c.body.Command = &wire.Command{Resume: wire.Some(json.RawMessage(resume))}
}
