package platform

import (
	"net"
	"net/netip"
	"os"

	"github.com/locutory/locutory/platform/runs"
	"github.com/locutory/locutory/platform/webhook"
)

// webhooks makes the sender of webhooks and returns its policy, nil where they are disabled. The environment file must have been loaded.
func (s *Server) webhooks() (runs.WebhookPolicy, error) {
	if s.cfg.File.HTTP.Disabled["webhooks"] {
		return nil, nil
	}
	section := s.cfg.File.Webhooks
	headers, err := section.Expand(os.LookupEnv)
	if err != nil {
		return nil, err
	}
	if section.Leaks() {
		s.cfg.Log.Warn("webhooks.headers: the value of a variable goes to any URL that a caller names; set webhooks.url.allowed_domains")
	}
	policy := &webhook.Policy{
		RequireHTTPS: section.URL.RequireHTTPS, Domains: section.URL.AllowedDomains, Ports: section.URL.AllowedPorts,
		MaxLength: section.URL.MaxLength, Loopback: !section.URL.DisableLoopback,
	}
	s.hooks = webhook.New(webhook.Config{
		Outbox: s.db.Deliveries, Policy: policy, Headers: headers, Secrets: s.cfg.Process.WebhookSecrets, Log: s.cfg.Log,
		Tried: s.meter.WebhookTried,
	})
	return policy, nil
}

// self is the URL at which this server reaches itself.
func (s *Server) self(listener net.Listener) string {
	address := listener.Addr().String()
	if at, err := netip.ParseAddrPort(address); err == nil && at.Addr().IsUnspecified() {
		loopback := netip.AddrFrom4([4]byte{127, 0, 0, 1})
		if at.Addr().Is6() {
			loopback = netip.IPv6Loopback()
		}
		address = netip.AddrPortFrom(loopback, at.Port()).String()
	}
	return "http://" + address + s.cfg.File.HTTP.MountPrefix
}
