package config

import _ "embed"

//go:embed platform.schema.json
var schema []byte

// Schema returns the JSON Schema of platform.json, for editors. The reader of this package is stricter where a schema has no words for it;
// a test holds the two together.
func Schema() []byte { return schema }
