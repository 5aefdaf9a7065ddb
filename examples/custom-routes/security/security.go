// Package security checks the tokens that package web mints: who has one is whom it says, and everyone's rows are their own.
package security

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/locutory/locutory/authhooks"
	verify "github.com/locutory/locutory/authhooks/jwt"
)

// What the tokens say besides who they are for: a secret may sign tokens of others, too.
const (
	issuer   = "custom-routes"
	audience = "greeter"
	lifetime = time.Hour
)

// New is named by platform.json. It is a function since the secret comes from the environment: JWT_SECRET, 32 bytes or more.
func New(context.Context) (*authhooks.Auth, error) {
	secret, err := secret()
	if err != nil {
		return nil, err
	}
	verifier, err := verify.New(verify.Config{Secret: secret, Issuer: issuer, Audience: audience})
	if err != nil {
		return nil, err
	}
	return authhooks.New(verifier.Authenticate, authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner"))), nil
}

// Minter signs tokens.
type Minter struct{ secret []byte }

// NewMinter returns a Minter for the tokens that New's hooks take.
func NewMinter() (*Minter, error) {
	secret, err := secret()
	return &Minter{secret}, err
}

// Mint returns a token for a user who has shown that it is he, and for how long it is good.
func (m *Minter) Mint(identity, name string, now time.Time) (token string, good time.Duration, err error) {
	token, err = jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": issuer, "aud": audience, "sub": identity, "name": name, "iat": now.Unix(), "exp": now.Add(lifetime).Unix(),
	}).SignedString(m.secret)
	if err != nil {
		return "", 0, fmt.Errorf("mint: %w", err)
	}
	return token, lifetime, nil
}

func secret() ([]byte, error) {
	secret := os.Getenv("JWT_SECRET")
	if secret == "" {
		return nil, errors.New("JWT_SECRET is not set; 32 random bytes, as of: openssl rand -hex 32")
	}
	return []byte(secret), nil
}
