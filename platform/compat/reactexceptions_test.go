package compat

// reactExceptions are the differences of TestReactGolden that we want.
var reactExceptions = []exception{
	{"**", 0, "-told/tasks/*/metadata/langgraph_api_url", "belongs to the reference alone"},
	{"**", 0, "-told/tasks/*/metadata/ls_integration", "belongs to the reference alone"},
	{"**", 0, "+told/tasks/*/metadata/thread_id", fuller},
	{"**", 0, "+told/tasks/*/error", python},
	{"**", 0, "-state/metadata/langgraph_api_url", "belongs to the reference alone"},
	{"**", 0, "-state/metadata/ls_integration", "belongs to the reference alone"},
	{"**", 0, "+state/checkpoint_id", fuller},
	{"**", 0, "+state/parent_checkpoint_id", fuller},
	{"**", 0, "+state/interrupts", python},
	{"**", 0, "-**/messages/*/metadata", "belongs to the reference alone"},
	{"**", 0, "-told/tools/*/output/metadata", "belongs to the reference alone"},
	{"**", 0, "+told/tools/*/output/id", fuller},
	{"**", 0, "+told/messages/tool", "what tools say is among the messages, as in the Python server"},
	{"a_create_agent", 2, "told/messages/4/calls", unstreamed},
	{"m_deep_agent", 2, "told/messages/*/calls", unstreamed},
	{"p_interrupt_card_graph", 2, "told/messages/3/calls", unstreamed},
	{"a_create_agent", 2, "-told/tasks/9/input/*", "what the task of a call is sent is each agent's own"},
	{"a_create_agent", 2, "+told/tasks/9/input/*", "what the task of a call is sent is each agent's own"},
	{"**", 0, "-state/metadata/ls_agent_type", "belongs to the reference alone"},
	{"k_custom_channel_graph", 2, "-told/custom/status", "named ones are of protocol v2"},
	{"**", 2, "-told/tools/tool-error", "a tool that asks has not failed"},
	{"h_error_graph", 3, "state/tasks/0/error", "an error is told as text, as the contract says"},
	{"e_nested_interrupt_graph", 4, "+state/tasks/0/checkpoint/checkpoint_*", python},
	{"g_multi_interrupt_single", 3, "-told/values", quirk},
	// Deep agents.
	{"*_deep_agent*", 0, "-**/files", middlewares},
	{"*_deep_agent*", 0, "state/metadata/step", middlewares},
	{"*_deep_agent*", 0, "state/parent_checkpoint/checkpoint_id", middlewares},
	{"m_deep_agent", 2, "+told/updates/*/messages/0/id", fuller},
	{"*_deep_agent*", 0, "+told/tools/*/output/status", "tool messages have a status"},
	{"*_deep_agent*", 0, "+**/messages/*/status", "tool messages have a status"},
}

const (
	middlewares = "the reference's deep agents have files, and steps for them"
	unstreamed  = "the reference does not tell the calls of messages that were not streamed"
)
