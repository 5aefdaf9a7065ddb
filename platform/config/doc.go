// Package config reads what an operator wrote: platform.json, the env file it names, and the process environment.
//
// platform.json says what is served and belongs to the project; where it is served (host, port, databases, secrets)
// differs per machine and comes from the environment and from flags, see [Process].
//
// The file is read strictly, since a misspelt key of a file about authorization must not pass for a default: an unknown
// key, a key written twice, a value of the wrong type, a key of a feature that is not built yet are all errors. Each is a
// [*Mistake] with line and column, and all of them are reported at once:
//
//	cfg, err := config.Load("platform.json")
//	// platform.json:6:5: auth.disable_studio: unknown key; did you mean disable_studio_auth?
//
// The package looks at the file only. Whether ./agent exists and has a name Graph is the build's business.
package config
