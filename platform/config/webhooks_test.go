package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWebhooks(t *testing.T) {
	t.Parallel()
	c, err := Parse("platform.json", []byte(`{"graphs": {"a": "./a:G"}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Webhooks{EnvPrefix: "LG_WEBHOOK_", URL: WebhookURL{RequireHTTPS: true, MaxLength: 2048, DisableLoopback: true}}
	if diff := cmp.Diff(want, c.Webhooks); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
	c, err = Parse("platform.json", []byte(`{"graphs": {"a": "./a:G"}, "webhooks": {
		"headers": {"Authorization": "Bearer ${{ env.HOOK_TOKEN }}", "X-Two": "${{env.HOOK_A}}-${{ env.HOOK_B }}", "X-Plain": "$5"},
		"env_prefix": "HOOK_",
		"url": {"require_https": false, "allowed_domains": ["Hooks.example", "*.x.example"], "allowed_ports": [443, 8443],
			"max_url_length": 100, "disable_loopback": false}}}`))
	if err != nil {
		t.Fatal(err)
	}
	url := WebhookURL{AllowedDomains: []string{"hooks.example", "*.x.example"}, AllowedPorts: []int{443, 8443}, MaxLength: 100}
	if diff := cmp.Diff(url, c.Webhooks.URL); diff != "" {
		t.Errorf("url (-want +got):\n%s", diff)
	}
	env := map[string]string{"HOOK_TOKEN": "t", "HOOK_A": "a", "HOOK_B": "b"}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	got, err := c.Webhooks.Expand(lookup)
	if diff := cmp.Diff(map[string]string{"Authorization": "Bearer t", "X-Two": "a-b", "X-Plain": "$5"}, got); diff != "" || err != nil {
		t.Errorf("headers (-want +got):\n%s\n%v", diff, err)
	}
	delete(env, "HOOK_A")
	env["HOOK_TOKEN"] = "t\r\nX-Evil: 1"
	_, err = c.Webhooks.Expand(lookup)
	for _, part := range []string{"webhooks.headers.Authorization: the value has a line break", "webhooks.headers.X-Two: the environment has no HOOK_A"} {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("error %v, want %q", err, part)
		}
	}
	if err != nil && strings.Contains(err.Error(), "X-Evil") {
		t.Errorf("the error tells a secret: %v", err)
	}
}

func TestWebhooksLeak(t *testing.T) {
	t.Parallel()
	secret := map[string]string{"Authorization": "Bearer ${{ env.LG_WEBHOOK_TOKEN }}"}
	for name, tt := range map[string]struct {
		webhooks Webhooks
		want     bool
	}{
		"nothing":       {Webhooks{}, false},
		"no secret":     {Webhooks{Headers: map[string]string{"X-From": "chat"}}, false},
		"to anybody":    {Webhooks{Headers: secret}, true},
		"to named ones": {Webhooks{Headers: secret, URL: WebhookURL{AllowedDomains: []string{"hooks.example"}}}, false},
	} {
		if got := tt.webhooks.Leaks(); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}
