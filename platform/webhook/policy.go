package webhook

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Policy says which URLs are told of the ends of runs. Private addresses never are. The zero Policy allows http and any public host.
type Policy struct {
	RequireHTTPS bool
	// Domains are the hosts there are, in lower case; *.x is every subdomain of x, and not x itself. nil is any host.
	Domains []string
	Ports   []int // nil is any
	// MaxLength is in bytes; 0 is no limit.
	MaxLength int
	// Loopback allows addresses of this machine, and a path alone, which is this server's own.
	Loopback bool
}

// Check returns why a URL may not be told. The text is for whoever named it.
func (p *Policy) Check(text string) error {
	if p.MaxLength > 0 && len(text) > p.MaxLength {
		return fmt.Errorf("the URL is longer than %d bytes", p.MaxLength)
	}
	u, err := url.Parse(text)
	if err != nil || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return errors.New("not a URL, or not in its ASCII form")
	}
	if own(u) {
		if !p.Loopback {
			return errors.New("a path alone is this server itself, which is not allowed; want https://host/path")
		}
		return nil
	}
	switch {
	case u.Scheme != "https" && (u.Scheme != "http" || p.RequireHTTPS):
		want := "https"
		if !p.RequireHTTPS {
			want = "http or https"
		}
		return fmt.Errorf("scheme %q is not allowed; want %s", u.Scheme, want)
	case u.Opaque != "" || u.Hostname() == "":
		return errors.New("the URL has no host")
	case u.Fragment != "":
		return errors.New("the URL has a fragment, which nobody would be sent")
	}
	if err := p.checkPort(u); err != nil {
		return err
	}
	return p.checkHost(u)
}

// own reports whether a URL is a path of this server.
func own(u *url.URL) bool {
	return u.Scheme == "" && u.Host == "" && u.User == nil && strings.HasPrefix(u.Path, "/") && !strings.HasPrefix(u.Path, "//")
}

func (p *Policy) checkPort(u *url.URL) error {
	port := 443
	if u.Scheme == "http" {
		port = 80
	}
	if text := u.Port(); text != "" {
		var err error
		if port, err = strconv.Atoi(text); err != nil || port < 1 || port > 65535 {
			return fmt.Errorf("port %q is none", text)
		}
	}
	if p.Ports != nil && !slices.Contains(p.Ports, port) {
		return fmt.Errorf("port %d is not allowed", port)
	}
	return nil
}

func (p *Policy) checkHost(u *url.URL) error {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if address, err := netip.ParseAddr(host); err == nil {
		if err := p.checkAddress(address); err != nil {
			return err
		}
	} else if !p.Loopback && (host == "localhost" || strings.HasSuffix(host, ".localhost") || host == "host.docker.internal") {
		return fmt.Errorf("%s is this machine, which is not allowed", host)
	}
	if p.Domains != nil && !slices.ContainsFunc(p.Domains, func(domain string) bool { return within(host, domain) }) {
		return fmt.Errorf("host %s is not allowed", host)
	}
	return nil
}

// within reports whether a host is a domain, or a subdomain where the domain begins with a star.
func within(host, domain string) bool {
	if parent, ok := strings.CutPrefix(domain, "*"); ok { // .example.com
		return strings.HasSuffix(host, parent) && len(host) > len(parent)
	}
	return host == domain
}

// Mask is the function of that name, for whoever is given a policy.
func (p *Policy) Mask(text string) string { return Mask(text) }

// Mask returns what of a URL may be shown to everyone who reads its run or its cron: no credentials, and no query, which may hold some.
func Mask(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return "(not a URL)"
	}
	masked := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return masked.String()
}

// errAddress is why a connection was not made.
var errAddress = errors.New("the address is not public")

// control refuses a connection to an address that the policy does not allow. It sees the address that is dialled, whatever its name
// resolved to before.
func (p *Policy) control(_, address string, _ syscall.RawConn) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%w: %w", errAddress, err)
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return fmt.Errorf("%w: %w", errAddress, err)
	}
	return p.checkAddress(ip)
}

// checkAddress returns an [errAddress] for what is not public, but for loopback where it is allowed.
func (p *Policy) checkAddress(ip netip.Addr) error {
	ip = ip.WithZone("").Unmap()
	if p.Loopback && ip.IsLoopback() {
		return nil
	}
	if !public(ip) {
		return fmt.Errorf("%w: %s", errAddress, ip)
	}
	return nil
}

// public reports whether an address is one that a server on the internet may have, by IANA's registries. Ranges that stand for other
// addresses (6to4, Teredo, NAT64) are not: where they lead is anybody's choice.
func public(ip netip.Addr) bool {
	in := func(ranges ...string) bool {
		return slices.ContainsFunc(ranges, func(r string) bool { return netip.MustParsePrefix(r).Contains(ip) })
	}
	if ip.Is4() {
		return !in("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
			"192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
			"198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4")
	}
	return in("2000::/3") && !in("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48")
}
