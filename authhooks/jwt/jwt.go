// Package jwt authenticates by JSON Web Tokens that somebody else issued and signed with a shared secret.
//
//	verifier, err := jwt.New(jwt.Config{
//		Secret:   []byte(os.Getenv("JWT_SECRET")),
//		Issuer:   "https://login.example.com",
//		Audience: "chat",
//	})
//	if err != nil {
//		return nil, err
//	}
//	return authhooks.New(verifier.Authenticate, rules...), nil
//
// It refuses what makes token checks fail open elsewhere: algorithms outside the list, "none" always, short secrets, tokens
// without exp, and more than a minute of leeway.
package jwt

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/locutory/locutory/authhooks"
)

// Claims is the payload of a token whose signature and times are right.
type Claims = jwt.MapClaims

// Config says which tokens count. Secret is required.
type Config struct {
	// Secret is the shared key; as many bytes as the longest allowed hash: 32 for HS256, 48 for HS384, 64 for HS512.
	Secret []byte
	// Algorithms are the allowed ones out of HS256, HS384 and HS512; HS256 when empty.
	Algorithms []string
	// Issuer is what iss must be, Audience what aud must have; unchecked when empty. Set both, if the secret signs other tokens too.
	Issuer, Audience string
	// Leeway is for clocks that differ: at most a minute.
	Leeway time.Duration
	// User makes the user of the claims; [UserOf] when nil. Its errors are those of an authenticator.
	User func(ctx context.Context, claims Claims) (*authhooks.User, error)
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// Verifier checks tokens. It is safe for concurrent use.
type Verifier struct {
	secret []byte
	leeway time.Duration
	parser *jwt.Parser
	user   func(ctx context.Context, claims Claims) (*authhooks.User, error)
}

// New checks the configuration.
func New(c Config) (*Verifier, error) {
	algorithms := c.Algorithms
	if len(algorithms) == 0 {
		algorithms = []string{jwt.SigningMethodHS256.Name}
	}
	least := 0
	for _, name := range algorithms {
		method, ok := jwt.GetSigningMethod(name).(*jwt.SigningMethodHMAC)
		if !ok {
			return nil, fmt.Errorf("jwt: the algorithm %q is not one of HS256, HS384, HS512", name)
		}
		least = max(least, method.Hash.Size())
	}
	if len(c.Secret) < least {
		return nil, fmt.Errorf("jwt: the secret has %d bytes; %s needs %d", len(c.Secret), strings.Join(algorithms, ", "), least)
	}
	if c.Leeway < 0 || c.Leeway > time.Minute {
		return nil, fmt.Errorf("jwt: a leeway of %v is not between 0 and a minute", c.Leeway)
	}
	options := []jwt.ParserOption{
		jwt.WithValidMethods(algorithms), jwt.WithExpirationRequired(), jwt.WithLeeway(c.Leeway), jwt.WithStrictDecoding(),
		jwt.WithJSONNumber(),
	}
	if c.Now != nil {
		options = append(options, jwt.WithTimeFunc(c.Now))
	}
	if c.Issuer != "" {
		options = append(options, jwt.WithIssuer(c.Issuer))
	}
	if c.Audience != "" {
		options = append(options, jwt.WithAudience(c.Audience))
	}
	v := &Verifier{secret: slices.Clone(c.Secret), leeway: c.Leeway, parser: jwt.NewParser(options...), user: c.User}
	if v.user == nil {
		v.user = UserOf
	}
	return v, nil
}

// Authenticate is an [authhooks.Authenticator] for tokens in "Authorization: Bearer token".
func (v *Verifier) Authenticate(ctx context.Context, r *authhooks.Request) (*authhooks.User, error) {
	return authhooks.Bearer(v.Verify)(ctx, r)
}

// Verify returns the user of a token, for authenticators that find it elsewhere: in a cookie, as Bearer's find. The user
// expires with the token, at the latest.
func (v *Verifier) Verify(ctx context.Context, token string) (*authhooks.User, error) {
	claims := Claims{}
	_, err := v.parser.ParseWithClaims(token, claims, func(*jwt.Token) (any, error) { return v.secret, nil })
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return nil, invalid("Token expired", "the token has expired", err)
	case err != nil:
		return nil, invalid("Invalid token", "the token is invalid", err)
	}
	found, err := v.user(ctx, claims)
	if err != nil || found == nil {
		return nil, err
	}
	exp, err := claims.GetExpirationTime()
	if err != nil {
		return nil, invalid("Invalid token", "the token is invalid", err)
	}
	user := *found
	if end := exp.Add(v.leeway); user.Expires.IsZero() || end.Before(user.Expires) {
		user.Expires = end
	}
	return &user, nil
}

// invalid is 401 with the error code of RFC 6750, by which clients know that they should refresh their token.
func invalid(detail, description string, cause error) error {
	return &authhooks.Error{
		Status: http.StatusUnauthorized, Detail: detail, Cause: cause,
		Header: http.Header{"Www-Authenticate": {fmt.Sprintf(`Bearer error="invalid_token", error_description=%q`, description)}},
	}
}

// UserOf takes sub as identity, name as display name and scope (words) or scopes (a list) as permissions.
func UserOf(_ context.Context, claims Claims) (*authhooks.User, error) {
	identity, err := claims.GetSubject()
	if err != nil || identity == "" {
		return nil, invalid("Invalid token", "the token has no subject", err)
	}
	name, _ := claims["name"].(string)
	return &authhooks.User{Identity: identity, DisplayName: name, Permissions: Scopes(claims)}, nil
}

// Scopes returns what the token itself permits: the words of scope, or the list scopes.
func Scopes(claims Claims) []string {
	if words, ok := claims["scope"].(string); ok {
		return strings.Fields(words)
	}
	for _, key := range []string{"scope", "scopes"} {
		items, ok := claims[key].([]any)
		if !ok {
			continue
		}
		scopes := make([]string, 0, len(items))
		for _, item := range items {
			if s, ok := item.(string); ok {
				scopes = append(scopes, s)
			}
		}
		return scopes
	}
	return []string{}
}

// Permissions returns what both the token's scopes and the user's own grants permit, so that a token can narrow what its user
// may do and never widen it (AC-35). A wildcard on one side lets the other through: "threads:*" and "threads:read" make "threads:read".
func Permissions(scopes, granted []string) []string {
	token, user := &authhooks.User{Permissions: scopes}, &authhooks.User{Permissions: granted}
	both := []string{}
	keep := func(p string) {
		if token.Can(p) && user.Can(p) && !slices.Contains(both, p) {
			both = append(both, p)
		}
	}
	for _, p := range scopes {
		keep(p)
	}
	for _, p := range granted {
		keep(p)
	}
	return both
}
