package webhook

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
)

// shownError is what whoever reads a run is told of a failed attempt; the operator's log says more. It must not tell what the server's
// network looks like from inside: neither where a name leads, nor which names there are.
func shownError(status int, err error) string {
	var (
		name    *net.DNSError
		timeout net.Error
		refused *refusedError
	)
	switch {
	case status != 0, errors.As(err, &refused), errors.Is(err, errNoSelf):
		return err.Error()
	case errors.As(err, &name), errors.Is(err, errAddress):
		return "the name has no public address"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer came in time"
	case isCertificate(err):
		return "the receiver's certificate is not trusted"
	}
	return "the connection failed"
}

func isCertificate(err error) bool {
	return errors.As(err, new(*tls.CertificateVerificationError)) || errors.As(err, new(x509.UnknownAuthorityError)) ||
		errors.As(err, new(x509.HostnameError)) || errors.As(err, new(tls.RecordHeaderError))
}
