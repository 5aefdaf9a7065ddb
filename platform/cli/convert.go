package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/locutory/locutory/platform/config"
)

// convert writes a platform.json from another server's langgraph.json: what means the same stays, symbols get the name of
// the Go package that has to be written, and what is left out is told.
func (p *program) convert(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if _, err := os.Stat(to); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there already", to)
	}
	var old map[string]any
	if err := json.Unmarshal(text, &old); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	c := conversion{left: map[string]string{}}
	out := c.root(old)
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(out); err != nil {
		return err
	}
	if err := os.WriteFile(to, buffer.Bytes(), 0o644); err != nil {
		return err
	}
	p.say("%s is written", to)
	for _, key := range slices.Sorted(maps.Keys(c.left)) {
		p.say("  left out %s: %s", key, c.left[key])
	}
	if c.noted != "" {
		p.say("  mind: %s", c.noted)
	}
	read, err := config.Parse(to, buffer.Bytes())
	if err != nil {
		return err
	}
	p.say("next: write in Go what it names (%s), then: locutory validate", strings.Join(named(read), ", "))
	return nil
}

// named are the symbols of a file.
func named(c *config.Config) []string {
	var out []string
	for _, g := range c.Graphs {
		out = append(out, g.Symbol.String())
	}
	if c.Auth != nil {
		out = append(out, c.Auth.Path.String())
	}
	if c.HTTP.App != nil {
		out = append(out, c.HTTP.App.Symbol.String())
	}
	if c.Store.Index != nil && c.Store.Index.Model.Provider == "" {
		out = append(out, c.Store.Index.Embed.String())
	}
	return out
}

// conversion collects the keys that have no place in a platform.json, with the reason.
// noted is what means something else here, though nothing was left out.
type conversion struct {
	left  map[string]string
	noted string
}

// converted has the keys in the order in which people read them.
type converted struct {
	Graphs       map[string]any `json:"graphs"`
	Env          any            `json:"env,omitempty"`
	Auth         map[string]any `json:"auth,omitempty"`
	HTTP         map[string]any `json:"http,omitempty"`
	Store        map[string]any `json:"store,omitempty"`
	Checkpointer map[string]any `json:"checkpointer,omitempty"`
	Webhooks     map[string]any `json:"webhooks,omitempty"`
}

func (c *conversion) root(old map[string]any) converted {
	out := converted{Graphs: map[string]any{}, Env: old["env"]}
	for key, value := range old {
		section, _ := value.(map[string]any)
		switch {
		case value == nil:
		case key == "graphs":
			for id, graph := range section {
				out.Graphs[id] = graphOf(graph)
			}
		case key == "auth":
			out.Auth = c.auth(section)
		case key == "http":
			out.HTTP = c.http(section)
		case key == "store":
			out.Store = c.store(section)
		case key == "checkpointer":
			out.Checkpointer = c.checkpointer(section)
		case key == "webhooks":
			out.Webhooks = section
		case key == "env" || key == "$schema":
		case key == "encryption":
			c.left[key] = config.Unencrypted
		case slices.Contains(config.UIKeys(), key):
			c.left[key] = config.NoUI
		case slices.Contains(config.PythonKeys(), key):
			c.left[key] = "Go has go.mod"
		default:
			c.left[key] = unknown
		}
	}
	return out
}

// graphOf converts "file:name" or {"path": "file:name"}; anything else is left to the check of the result.
func graphOf(graph any) any {
	long, ok := graph.(map[string]any)
	if !ok {
		return goSymbol(graph)
	}
	out := map[string]any{"path": goSymbol(long["path"])}
	if description, ok := long["description"].(string); ok && description != "" {
		out["description"] = description
	}
	return out
}

// unknown is why a key is left out that langgraph.json does not have.
const unknown = "langgraph.json has no such key"

func (c *conversion) auth(old map[string]any) map[string]any {
	out := map[string]any{}
	for key, value := range old {
		switch key {
		case "path":
			out[key] = goSymbol(value)
		case "disable_studio_auth", "openapi":
			out[key] = value
		case "allow_langsmith_api_keys":
			c.left["auth."+key] = config.NoLangSmith
		case "cache":
			c.left["auth.cache"] = "caching is an Authenticator: wrap it"
		default:
			c.left["auth."+key] = unknown
		}
	}
	// The other server lets through what no handler matches; to keep that has to be a decision.
	c.noted = `events without a rule are denied here; "unhandled": "allow" in "auth" is what the other server does`
	return out
}

// headersOf gives lists of headers the names that they have here: the other server takes two for each.
func headersOf(old any) any {
	lists, ok := old.(map[string]any)
	if !ok {
		return old
	}
	out := map[string]any{}
	for key, value := range lists {
		switch key {
		case "include", "exclude":
			key += "s"
		}
		out[key] = value
	}
	return out
}

func (c *conversion) http(old map[string]any) map[string]any {
	out := map[string]any{}
	for key, value := range old {
		switch {
		case key == "app":
			out[key] = goSymbol(value)
		case key == "cors" || key == "mount_prefix" || strings.HasPrefix(key, "disable_"):
			out[key] = value
		case slices.Contains([]string{"configurable_headers", "configurable-headers", "logging_headers", "logging-headers"}, key):
			out[strings.ReplaceAll(key, "-", "_")] = headersOf(value)
		case key == "enable_custom_route_auth":
			c.left["http."+key] = "custom routes are authenticated; App.Public names the open ones"
		case key == "middleware_order":
			c.left["http."+key] = "App.Middleware is outermost"
		default:
			c.left["http."+key] = unknown
		}
	}
	return out
}

// checkpointer keeps how long threads live; where their states lie is the server's business.
func (c *conversion) checkpointer(old map[string]any) map[string]any {
	out := map[string]any{}
	for key, value := range old {
		if key == "ttl" {
			out[key] = value
			continue
		}
		c.left["checkpointer."+key] = "states lie in the server's database, as JSON"
	}
	return out
}

// store keeps what a Go embedder can take the place of, and models of the providers that are known here.
func (c *conversion) store(old map[string]any) map[string]any {
	out := maps.Clone(old)
	index, ok := old["index"].(map[string]any)
	if !ok {
		return out
	}
	embed, _ := index["embed"].(string)
	switch file, _, _ := strings.Cut(embed, ":"); {
	case file == "openai" || file == "ollama":
		return out
	case path.Ext(file) == "":
		delete(out, "index")
		c.left["store.index"] = `name an embedder in Go: {"embed": "./embed:Embedder", "dims": 1536}`
		return out
	}
	index = maps.Clone(index)
	index["embed"] = goSymbol(embed)
	out["index"] = index
	return out
}

// goSymbol makes "./src/agent.py:make_graph" into "./src:MakeGraph", and a file of the root into a directory of its name.
func goSymbol(value any) any {
	written, ok := value.(string)
	if !ok {
		return value
	}
	file, name, _ := strings.Cut(written, ":")
	dir := path.Dir(path.Clean(file))
	if dir == "." {
		dir = strings.TrimSuffix(path.Base(file), path.Ext(file))
	}
	var exported strings.Builder
	for word := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '_' }) {
		exported.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return "./" + dir + ":" + exported.String()
}
