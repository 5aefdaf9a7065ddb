package authhooks

import (
	"context"
	"errors"
	"net/http"
)

// Authenticator says who sent a request. nil, nil and [Unauthenticated] are 401; another [*Error] keeps its status; any other
// error is 500 and [Unavailable] 503: nobody gets in by a failure. It has two seconds.
type Authenticator func(ctx context.Context, r *Request) (*User, error)

// Bearer authenticates by "Authorization: Bearer token". find never sees an empty token.
func Bearer(find func(ctx context.Context, token string) (*User, error)) Authenticator {
	return func(ctx context.Context, r *Request) (*User, error) {
		token, err := r.Bearer()
		if err != nil {
			return nil, err
		}
		return find(ctx, token)
	}
}

// Header authenticates by a header of that name, sent once. find never sees an empty value.
func Header(name string, find func(ctx context.Context, value string) (*User, error)) Authenticator {
	return func(ctx context.Context, r *Request) (*User, error) {
		value, err := r.one(name)
		if err != nil {
			return nil, err
		}
		return find(ctx, value)
	}
}

// FirstOf asks one authenticator after the other. Only a 401 moves on to the next; any other error, as one of a database that is
// down, ends it. If all answer 401, the caller reads that of the first whose credentials he did send.
func FirstOf(as ...Authenticator) Authenticator {
	return func(ctx context.Context, r *Request) (*User, error) {
		refused := missing("Unauthorized")
		for _, authenticate := range as {
			user, err := authenticate(ctx, r)
			if err == nil && user != nil {
				return user, nil
			}
			if err == nil {
				err = Unauthenticated("Unauthorized")
			}
			var e *Error
			if !errors.As(err, &e) || e == nil || e.Status != http.StatusUnauthorized {
				return nil, err
			}
			if errors.Is(refused, errNoCredentials) && !errors.Is(err, errNoCredentials) {
				refused = err
			}
		}
		return nil, refused
	}
}
