package config

// foreign is a setting of another server.
type foreign struct{ name, instead string }

// elsewhere are the settings of the LangGraph Agent Server that guard something there and would guard nothing here. Whoever sets one
// must not believe that it works, so it stops the start; the text says what to do in its place.
func elsewhere() []foreign {
	return []foreign{
		{"LANGGRAPH_AES_KEY", unencrypted},
		{"LANGGRAPH_AES_JSON_KEYS", unencrypted},
		{"LANGGRAPH_ENCRYPTION", unencrypted},
		{"LANGGRAPH_AUTH", `nobody would be asked who they are: hooks are Go, named by "auth" in platform.json; then unset it`},
		{"LANGGRAPH_HTTP", `none of it would hold: write it as "http" in platform.json, then unset it`},
		{"LANGGRAPH_WEBHOOKS", `none of it would hold: write it as "webhooks" in platform.json, then unset it`},
		{"LANGGRAPH_STORE", `nothing would expire by it: write it as "store" in platform.json, then unset it`},
		{"LANGGRAPH_CHECKPOINTER", `nothing would expire by it: write it as "checkpointer" in platform.json, then unset it`},
		{"MOUNT_PREFIX", `every route would be at its own path: write "http": {"mount_prefix": "/…"} in platform.json, then unset it`},
		{"POSTGRES_URI_CUSTOM", "the rows would go elsewhere: set DATABASE_URI, and unset it"},
		{"REDIS_URI_CUSTOM", "not supported yet; unset it"},
	}
}

const (
	notEncrypted = "encryption at rest is not supported yet, and rows would be stored as they are: encrypt the database's disk or volume, and "
	unencrypted  = notEncrypted + "unset it"
)

// refuseElsewhere finds what is set of them.
func (v *variables) refuseElsewhere() {
	for _, e := range elsewhere() {
		if v.text(e.name, "") != "" {
			v.wrong("%s: %s", e.name, e.instead)
		}
	}
	if kind := v.text("LANGGRAPH_AUTH_TYPE", "noop"); kind != "noop" {
		v.wrong(`LANGGRAPH_AUTH_TYPE: %q would check no credentials: hooks are Go, named by "auth" in platform.json; then unset it`, kind)
	}
}
