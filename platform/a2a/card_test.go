package a2a

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSecuritySchemesOfBothVersions(t *testing.T) {
	t.Parallel()
	for scheme, want := range map[string]string{
		`{"type": "http", "scheme": "bearer"}`:                         `{"httpAuthSecurityScheme":{"scheme":"bearer"},"scheme":"bearer","type":"http"}`,
		`{"type": "apiKey", "in": "header", "name": "X"}`:              `{"apiKeySecurityScheme":{"location":"header","name":"X"},"in":"header","name":"X","type":"apiKey"}`,
		`{"type": "openIdConnect", "openIdConnectUrl": "https://x/y"}`: `{"openIdConnectSecurityScheme":{"openIdConnectUrl":"https://x/y"},"openIdConnectUrl":"https://x/y","type":"openIdConnect"}`,
		`{"type": "oauth2", "flows": {"clientCredentials": {"a": 1}}}`: `{"flows":{"clientCredentials":{"a":1}},"oauth2SecurityScheme":{"flows":{"clientCredentials":{"a":1}}},"type":"oauth2"}`,
		`{"type": "mutualTLS"}`:                                        `{"mtlsSecurityScheme":{},"type":"mutualTLS"}`,
		`{"type": ["odd"]}`:                                            `{"type":["odd"]}`,
		`7`:                                                            `{}`,
	} {
		got, err := json.Marshal(bothSchemes(json.RawMessage(scheme)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", scheme, diff)
		}
	}
}

func TestSecurityOfCards(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cfg  Config
		want string
	}{
		"the operator's": {
			Config{Schemes: map[string]json.RawMessage{"k": json.RawMessage(`{"type": "mutualTLS"}`)}, Requirements: []map[string][]string{{"k": {"read"}}}},
			`{"security":[{"k":["read"]}],"securityRequirements":[{"schemes":{"k":{"list":["read"]}}}],"securitySchemes":{"k":{"mtlsSecurityScheme":{},"type":"mutualTLS"}}}`,
		},
		"none is needed": {
			Config{Schemes: map[string]json.RawMessage{}},
			`{"security":[],"securityRequirements":[],"securitySchemes":{}}`,
		},
	} {
		card := object{}
		New(test.cfg).secure(card)
		got, err := json.Marshal(card)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
