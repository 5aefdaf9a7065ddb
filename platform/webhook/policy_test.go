package webhook

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
)

func TestPolicy(t *testing.T) {
	t.Parallel()
	strict := Policy{RequireHTTPS: true, MaxLength: 60}
	listed := Policy{RequireHTTPS: true, Domains: []string{"hooks.example", "*.x.example"}, Ports: []int{443, 8443}}
	local := Policy{Loopback: true}
	for _, tt := range []struct {
		policy Policy
		url    string
		want   string // part of the error; "" for none
	}{
		{strict, "https://hooks.example/a?b=c", ""},
		{strict, "https://user:pass@hooks.example/a", ""},
		{strict, "HTTPS://93.184.216.34:8443/", ""},
		{strict, "https://[2606:2800:220:1:248:1893:25c8:1946]/", ""},
		{strict, "http://hooks.example/", `scheme "http" is not allowed; want https`},
		{strict, "ftp://hooks.example/", "scheme"},
		{strict, "https:hooks.example", "no host"},
		{strict, "https:///path", "no host"},
		{strict, "//hooks.example/path", "scheme"},
		{strict, "hooks.example", "scheme"},
		{strict, "/hook", "this server itself"},
		{strict, "https://hooks.example/#here", "fragment"},
		{strict, "https://hooks.example:0/", "port"},
		{strict, "https://hooks.example:70000/", "port"},
		{strict, "https://hooks.example/ a", "not a URL"},
		{strict, "https://höoks.example/", "ASCII"},
		{strict, "https://%zz/", "not a URL"},
		{strict, "https://hooks.example/" + strings.Repeat("a", 60), "longer than 60 bytes"},
		{strict, "https://localhost/", "this machine"},
		{strict, "https://LOCALHOST./", "this machine"},
		{strict, "https://a.localhost:1/", "this machine"},
		{strict, "https://host.docker.internal/", "this machine"},
		{strict, "https://127.0.0.1/", "not public"},
		{strict, "https://[::1]/", "not public"},
		{strict, "https://[::ffff:10.0.0.1]/", "not public"},
		{strict, "https://169.254.169.254/latest/meta-data", "not public"},
		{listed, "https://hooks.example/", ""},
		{listed, "https://Hooks.Example.:8443/", ""},
		{listed, "https://a.b.x.example/", ""},
		{listed, "https://x.example/", "host x.example is not allowed"},
		{listed, "https://.x.example/", "host .x.example is not allowed"},
		{listed, "https://evilx.example/", "not allowed"},
		{listed, "https://hooks.example.evil.example/", "not allowed"},
		{listed, "https://hooks.example@evil.example/", "host evil.example is not allowed"},
		{listed, "https://hooks.example:444/", "port 444 is not allowed"},
		{local, "http://localhost:1/", ""},
		{local, "http://127.9.9.9:1/", ""},
		{local, "/hook?x=1", ""},
		{local, "//evil.example/hook", "scheme"},
		{local, "http://10.0.0.1/", "not public"},
		{local, "http://192.168.1.1/", "not public"},
	} {
		err := tt.policy.Check(tt.url)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%+v: %s: error %v, want %q", tt.policy, tt.url, err, tt.want)
		}
	}
}

// TestAddresses: H-26, what is dialled is judged by its number.
func TestAddresses(t *testing.T) {
	t.Parallel()
	var p Policy
	for _, address := range []string{
		"127.0.0.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254", "100.64.0.1", "198.18.0.1",
		"192.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:192.168.0.1", "fc00::1", "fd00::1",
		"fe80::1%eth0", "fec0::1", "ff02::1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1", "2001:db8::1", "::127.0.0.1", "100::1",
	} {
		joined := "[" + address + "]:443"
		if netip.MustParseAddr(address).Is4() {
			joined = address + ":443"
		}
		if err := p.control("tcp", joined, nil); !errors.Is(err, errAddress) {
			t.Errorf("%s: error %v, want %v", address, err, errAddress)
		}
	}
	for _, address := range []string{"93.184.216.34:443", "172.15.0.1:80", "172.32.0.1:80", "[2606:2800:220:1::1]:443", "[2001:4860:4860::8888]:443"} {
		if err := p.control("tcp", address, nil); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, broken := range []string{"", "127.0.0.1", "nowhere:443"} {
		if err := p.control("tcp", broken, nil); !errors.Is(err, errAddress) {
			t.Errorf("%q: error %v", broken, err)
		}
	}
	if err := (&Policy{Loopback: true}).control("tcp", "127.0.0.1:80", nil); err != nil {
		t.Errorf("loopback where it is allowed: %v", err)
	}
}

func TestMask(t *testing.T) {
	t.Parallel()
	var p Policy
	for url, want := range map[string]string{
		"https://user:pass@hooks.example:8443/a%2Fb?token=secret": "https://hooks.example:8443/a%2Fb",
		"/hook?token=secret": "/hook", "https://%zz": "(not a URL)",
	} {
		if got := p.Mask(url); got != want {
			t.Errorf("%s: %s, want %s", url, got, want)
		}
	}
}
