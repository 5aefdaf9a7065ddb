package config

// words reads an object from name to string.
func (r *reader) words(p place) map[string]string {
	entries, ok := r.members(p, "an object from name to string")
	if !ok {
		return nil
	}
	words := make(map[string]string, len(entries))
	for _, entry := range entries {
		word, ok := entry.value.(string)
		if !ok {
			r.wrong(entry, "%s; want a string", kind(entry.value))
		}
		words[entry.name] = word
	}
	return words
}

// python are the keys that build an image of another language.
func (r *reader) python() fields {
	refused := r.refused("a Python key; Go has go.mod. locutory validate --convert langgraph.json writes a platform.json")
	keys := fields{}
	for _, key := range PythonKeys() {
		keys[key] = refused
	}
	for _, key := range UIKeys() {
		keys[key] = r.refused(NoUI + "; take it out")
	}
	keys["encryption"] = r.refused(Unencrypted)
	return keys
}

// NoUI says what became of UIKeys.
const NoUI = "components for chat pages are not served from here"

// UIKeys are the keys of langgraph.json that name components of React for the server to bundle.
func UIKeys() []string { return []string{"ui", "ui_config"} }

// NoLangSmith says what to do in place of "auth.allow_langsmith_api_keys".
const NoLangSmith = "keys of LangSmith are not known here; an Authenticator decides which keys are good"

// Unencrypted says what to do in place of "encryption", which must never be taken out without a word.
const Unencrypted = notEncrypted + "take it out"

// PythonKeys are the keys of langgraph.json that say how to build an image of another language: they have no meaning here.
func PythonKeys() []string {
	return []string{
		"dependencies", "source", "python_version", "node_version", "node_loader", "api_version", "base_image", "image_distro",
		"pip_config_file", "pip_installer", "dockerfile_lines", "docker_compose_file", "keep_pkg_tools",
	}
}
