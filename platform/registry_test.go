package platform

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/locutory/locutory/authhooks"
	"github.com/locutory/locutory/platform/config"
)

// What the operator's own code makes of hooks and of an app stops the start when it fails, and the error says whose it is.
func TestPartsThatCannotBeMade(t *testing.T) {
	t.Parallel()
	broken := errors.New("no key")
	for want, auth := range map[string]any{
		"auth: ./security:Auth: no key":        func(context.Context) (*authhooks.Auth, error) { return nil, broken },
		"auth: ./security:Auth: panic: broken": func(context.Context) (*authhooks.Auth, error) { panic("broken") },
		"auth: ./security:Auth is nil":         func(context.Context) (*authhooks.Auth, error) { return nil, nil },
		"auth: ./security:Auth is a string":    "hooks",
	} {
		made, err := loadAuth(t.Context(), Parts{Auth: auth, AuthSymbol: "./security:Auth"}, &config.Config{})
		if made != nil || err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, %v; want an error with %q", made, err, want)
		}
	}
	for want, app := range map[string]any{
		"http.app: ./app:App: no key":        func(context.Context) (App, error) { return App{}, broken },
		"http.app: ./app:App: panic: broken": func(context.Context) (*App, error) { panic("broken") },
		"http.app: ./app:App: panic: other":  func(context.Context) (App, error) { panic("other") },
		"http.app: ./app:App is nil":         func(context.Context) (*App, error) { return nil, nil },
		"http.app: ./app:App is a string":    "app",
	} {
		_, err := loadApp(t.Context(), Parts{App: app, AppSymbol: "./app:App"}, &config.Config{})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v; want an error with %q", err, want)
		}
	}
}
