// Package web is what the server answers beside its own routes: a login, and a page of what is one's own.
package web

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/locutory/locutory/examples/custom-routes/security"
	"github.com/locutory/locutory/platform"
	"github.com/locutory/locutory/sdk"
)

// Toy passwords. Keep real ones as hashes of argon2 or bcrypt, and count attempts.
var passwords = map[string]string{"alice": "wonderland", "bob": "builder"}

var names = map[string]string{"alice": "Alice", "bob": "Bob"}

// app is what the routes share.
type app struct {
	tokens *security.Minter
	host   *platform.Host
}

// New is named by platform.json: "http": {"app": "./web:New"}.
func New(context.Context) (*platform.App, error) {
	tokens, err := security.NewMinter()
	if err != nil {
		return nil, err
	}
	a := &app{tokens: tokens}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", a.login)
	mux.HandleFunc("GET /digest", a.digest)
	return &platform.App{
		Handler:      mux,
		Public:       []string{"POST /login"}, // GET /digest wants a token, as every route that is not named here
		Middleware:   private,
		Configurable: language,
		Start: func(_ context.Context, host *platform.Host) error {
			a.host = host
			return nil
		},
		OpenAPI: json.RawMessage(description),
	}, nil
}

// login gives a token for a name and a password.
func (a *app) login(w http.ResponseWriter, r *http.Request) {
	var who struct{ User, Password string }
	if err := json.NewDecoder(r.Body).Decode(&who); err != nil {
		answer(w, http.StatusUnprocessableEntity, map[string]string{"detail": `want {"user": "...", "password": "..."}`})
		return
	}
	given, kept := sha256.Sum256([]byte(who.Password)), sha256.Sum256([]byte(passwords[who.User]))
	if _, known := passwords[who.User]; subtle.ConstantTimeCompare(given[:], kept[:]) != 1 || !known {
		answer(w, http.StatusUnauthorized, map[string]string{"detail": "wrong user or password"})
		return
	}
	token, good, err := a.tokens.Mint(who.User, names[who.User], time.Now())
	if err != nil {
		answer(w, http.StatusInternalServerError, map[string]string{"detail": "no token could be made"})
		return
	}
	answer(w, http.StatusOK, map[string]any{"token": token, "token_type": "Bearer", "expires_in": int(good.Seconds())})
}

// Digest is what GET /digest answers.
type Digest struct {
	User    string   `json:"user"`
	Threads int      `json:"threads"`
	Last    []string `json:"last"`
}

// digest tells a user of his threads. The client acts as him: nothing here filters, and nothing has to.
func (a *app) digest(w http.ResponseWriter, r *http.Request) {
	user, _ := platform.UserFrom(r.Context())
	client, err := a.host.Client(r.Context())
	if err != nil {
		answer(w, http.StatusUnauthorized, map[string]string{"detail": err.Error()})
		return
	}
	threads, err := client.Threads.Search(r.Context(), sdk.ThreadSearch{Limit: 100})
	if err != nil {
		answer(w, http.StatusBadGateway, map[string]string{"detail": err.Error()})
		return
	}
	out := Digest{User: user.DisplayName, Threads: len(threads), Last: []string{}}
	for _, thread := range threads[:min(3, len(threads))] {
		out.Last = append(out.Last, thread.ThreadID)
	}
	answer(w, http.StatusOK, out)
}

// private keeps what is somebody's out of caches, on the server's own routes as well.
func private(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// language is a setting of every run that a request makes: graphs find it in configurable.
func language(r *http.Request) map[string]any {
	first, _, _ := strings.Cut(r.Header.Get("Accept-Language"), ",")
	primary, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(first)), "-")
	if primary == "" || primary == "*" {
		return nil
	}
	return map[string]any{"language": primary}
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // whoever asked has gone if it fails
}

// description is what /openapi.json and /docs say of the routes.
const description = `{
  "paths": {
    "/login": {"post": {"summary": "Get a token for a name and a password", "operationId": "login",
      "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object", "required": ["user", "password"],
        "properties": {"user": {"type": "string"}, "password": {"type": "string"}}}}}},
      "responses": {"200": {"description": "A bearer token."}, "401": {"description": "Wrong user or password."}}}},
    "/digest": {"get": {"summary": "Read what is one's own", "operationId": "getDigest",
      "responses": {"200": {"description": "Number and ids of the caller's threads."}}}}
  }
}`
