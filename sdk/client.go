package sdk

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/locutory/locutory/platform/wire"
)

// Config says which server to talk to and as whom. The zero value talks to a development server on this machine.
type Config struct {
	URL        string       // of the API's root, with a mount prefix if there is one; "" is http://127.0.0.1:2024
	Token      string       // sent as Authorization: Bearer
	APIKey     string       // sent as X-Api-Key
	Header     http.Header  // sent with every request
	HTTPClient *http.Client // nil is a plain one; its Timeout does not apply to streams and waits
}

// Client talks to one server as one caller. It is safe for concurrent use and holds nothing that must be closed.
type Client struct {
	Assistants *Assistants
	Threads    *Threads
	Runs       *Runs
	Crons      *Crons
	Store      *Store

	base   *url.URL // without a slash at its end
	header http.Header
	short  *http.Client // for calls
	long   *http.Client // for streams and waits: without a timeout

	sleep  func(context.Context, time.Duration) error
	jitter func() time.Duration // up to 1 s
}

// New returns a client. It connects to nothing yet; an error means a config that cannot work.
func New(config Config) (*Client, error) {
	base, err := parseBase(config.URL)
	if err != nil {
		return nil, err
	}
	header, err := makeHeader(config)
	if err != nil {
		return nil, err
	}
	client := &Client{
		base:   base,
		header: header,
		sleep:  sleep,
		jitter: func() time.Duration { return rand.N(time.Second) },
	}
	if config.HTTPClient == nil {
		config.HTTPClient = &http.Client{}
	}
	short := *config.HTTPClient
	short.CheckRedirect = client.checkRedirect(short.CheckRedirect)
	long := short
	long.Timeout = 0
	client.short, client.long = &short, &long
	client.Assistants = &Assistants{client}
	client.Threads = &Threads{client}
	client.Runs = &Runs{client}
	client.Crons = &Crons{client}
	client.Store = &Store{client}
	return client, nil
}

func parseBase(text string) (*url.URL, error) {
	if text == "" {
		text = "http://127.0.0.1:2024"
	}
	base, err := url.Parse(strings.TrimRight(text, "/"))
	if err != nil {
		return nil, fmt.Errorf("sdk: Config.URL: %w", err)
	}
	if base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, fmt.Errorf("sdk: Config.URL: %q is not an http or https URL", text)
	}
	if base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("sdk: Config.URL: %q has a query or a fragment", text)
	}
	return base, nil
}

func makeHeader(config Config) (http.Header, error) {
	header := config.Header.Clone()
	if header == nil {
		header = http.Header{}
	}
	for name, value := range map[string]string{
		"Authorization": bearer(config.Token),
		"X-Api-Key":     config.APIKey,
	} {
		if value == "" {
			continue
		}
		if header.Get(name) != "" {
			return nil, fmt.Errorf("sdk: Config.Header has %s, and so has its own field", name)
		}
		header.Set(name, value)
	}
	if header.Get("User-Agent") == "" {
		header.Set("User-Agent", "locutory-go")
	}
	return header, nil
}

func bearer(token string) string {
	if token == "" {
		return ""
	}
	return "Bearer " + token
}

// checkRedirect keeps credentials at home: net/http drops Authorization on the way to another host, but no other header.
func (c *Client) checkRedirect(next func(*http.Request, []*http.Request) error) func(*http.Request, []*http.Request) error {
	return func(request *http.Request, via []*http.Request) error {
		if !c.sameOrigin(request.URL) {
			return fmt.Errorf("%w: %s", ErrForeignOrigin, request.URL.Host)
		}
		if next != nil {
			return next(request, via)
		}
		if len(via) >= 10 {
			return errors.New("stopped after 10 redirects")
		}
		return nil
	}
}

func (c *Client) sameOrigin(u *url.URL) bool {
	return strings.EqualFold(u.Scheme, c.base.Scheme) && strings.EqualFold(u.Host, c.base.Host)
}

// Ready asks whether the server is up; it needs no credentials.
// It is GET /ok (rest.md §8.1).
func (c *Client) Ready(ctx context.Context) error {
	var ok wire.OK
	if err := c.call(ctx, http.MethodGet, "/ok", nil, &ok); err != nil {
		return err
	}
	if !ok.OK {
		return errors.New("sdk: the server is not ready")
	}
	return nil
}

// Info returns the server's version and features; it needs no credentials.
// It is GET /info (rest.md §8.1).
func (c *Client) Info(ctx context.Context) (*Info, error) {
	return fetch[Info](ctx, c, http.MethodGet, "/info", nil)
}

// sleep waits for d or until ctx is done.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
