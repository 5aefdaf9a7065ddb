package a2a

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"github.com/locutory/locutory/platform/store"
)

// Card returns the card of an assistant, as agents of both versions read it. The hooks are asked for assistants:read: that there is an
// assistant is nobody's business but theirs who may see it. url is that of the endpoint for it.
func (a *Agents) Card(ctx context.Context, assistant string, url func(id string) string) ([]byte, error) {
	row, err := a.found(ctx, assistant, true)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(a.card(row, url(row.ID)))
	if err != nil {
		return nil, fmt.Errorf("encode card: %w", err)
	}
	return data, nil
}

func (a *Agents) card(row store.Assistant, url string) object {
	description := fmt.Sprintf("Assistant %s, of the graph %s", row.Name, row.GraphID)
	if row.Description != nil && *row.Description != "" {
		description = *row.Description
	}
	modes := []string{"text/plain", "application/json"}
	one := func(version string) object {
		return object{"url": url, "protocolBinding": "JSONRPC", "protocolVersion": version}
	}
	card := object{
		"name": row.Name, "description": description, "version": a.Version,
		"capabilities":      object{"streaming": true, "pushNotifications": false, "extendedAgentCard": true, "stateTransitionHistory": false},
		"defaultInputModes": modes, "defaultOutputModes": modes,
		"skills": []object{{
			"id": row.ID + "-chat", "name": row.Name, "description": description, "tags": []string{"assistant", "langgraph"},
			"inputModes": modes, "outputModes": modes,
		}},
		"supportedInterfaces": []object{one("1.0"), one("0.3")},
		// What follows is for version 0.3.
		"url": url, "preferredTransport": "JSONRPC", "protocolVersion": "0.3.0",
		"additionalInterfaces":              []object{{"url": url, "transport": "JSONRPC"}},
		"supportsAuthenticatedExtendedCard": true,
	}
	if !a.Guard.Open() {
		a.secure(card)
	}
	return card
}

// secure tells how credentials are sent: as the operator has written for the description of the API, else as the SDKs do it. Each scheme
// is written as both versions read it.
func (a *Agents) secure(card object) {
	schemes, requirements := a.Schemes, a.Requirements
	if schemes == nil {
		schemes = map[string]json.RawMessage{
			"bearer": json.RawMessage(`{"type": "http", "scheme": "bearer"}`),
			"apiKey": json.RawMessage(`{"type": "apiKey", "in": "header", "name": "X-Api-Key"}`),
		}
		requirements = []map[string][]string{{"bearer": {}}, {"apiKey": {}}}
	}
	written := object{}
	for name, scheme := range schemes {
		written[name] = bothSchemes(scheme)
	}
	if requirements == nil {
		requirements = []map[string][]string{}
	}
	now := make([]object, len(requirements))
	for i, all := range requirements {
		lists := object{}
		for name, scopes := range all {
			lists[name] = object{"list": scopes}
		}
		now[i] = object{"schemes": lists}
	}
	card["securitySchemes"], card["security"], card["securityRequirements"] = written, requirements, now
}

// bothSchemes is a security scheme of OpenAPI, which version 0.3 reads, and beside it what version 1.0 reads.
func bothSchemes(scheme json.RawMessage) object {
	var old object
	if json.Unmarshal(scheme, &old) != nil { // no object: nobody could use it
		return object{}
	}
	now := maps.Clone(old)
	delete(now, "type")
	if in, ok := now["in"]; ok {
		delete(now, "in")
		now["location"] = in
	}
	wrappers := map[string]string{
		"apiKey": "apiKeySecurityScheme", "http": "httpAuthSecurityScheme", "oauth2": "oauth2SecurityScheme",
		"openIdConnect": "openIdConnectSecurityScheme", "mutualTLS": "mtlsSecurityScheme",
	}
	kind, _ := old["type"].(string)
	if name := wrappers[kind]; name != "" {
		old[name] = now
	}
	return old
}
