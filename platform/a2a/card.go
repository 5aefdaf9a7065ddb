package a2a

import (
	"context"
	"encoding/json"
	"fmt"

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

// secure tells how the SDKs send credentials. Each scheme is written as both versions read it.
func (a *Agents) secure(card object) {
	card["securitySchemes"] = object{
		"bearer": object{"type": "http", "scheme": "bearer", "httpAuthSecurityScheme": object{"scheme": "bearer"}},
		"apiKey": object{
			"type": "apiKey", "in": "header", "name": "X-Api-Key",
			"apiKeySecurityScheme": object{"location": "header", "name": "X-Api-Key"},
		},
	}
	none := []string{}
	card["security"] = []object{{"bearer": none}, {"apiKey": none}}
	card["securityRequirements"] = []object{
		{"schemes": object{"bearer": object{"list": none}}}, {"schemes": object{"apiKey": object{"list": none}}},
	}
}
