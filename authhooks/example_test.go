package authhooks_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/locutory/locutory/authhooks"
)

var users = map[string]authhooks.User{
	"user1-token": {Identity: "user1", DisplayName: "Alice"},
	"user2-token": {Identity: "user2", DisplayName: "Bob"},
}

func authenticate(ctx context.Context, token string) (*authhooks.User, error) {
	user, ok := users[token]
	if !ok {
		return nil, authhooks.Unauthenticated("Invalid token")
	}
	return &user, nil
}

func Example() {
	auth := authhooks.New(authhooks.Bearer(authenticate), authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")))

	// The server asks for each request.
	call := &authhooks.Call{User: &authhooks.User{Identity: "user1"}, Value: &authhooks.ThreadsCreate{}}
	answer, err := auth.Decide(context.Background(), call)
	fmt.Println(answer.Filter, answer.Stamp, err)
	// Output: {"owner":{"$eq":"user1"}} map[owner:user1] <nil>
}

// Team sharing: private by default; a thread made with metadata.team is read and continued by that team, changed and deleted
// by its owner.
func Example_teams() {
	teams := func(u *authhooks.User) []string { t, _ := u.Extra["teams"].([]string); return t }

	createThread := func(ctx context.Context, c *authhooks.Call, v *authhooks.ThreadsCreate) (authhooks.Verdict, error) {
		c.Stamp("owner", c.User.Identity)
		if team, ok := v.Metadata["team"].(string); ok {
			if !slices.Contains(teams(c.User), team) {
				return authhooks.Deny("not a member of team " + team), nil
			}
			c.Stamp("team", team) // the server's from now on: no PATCH moves the thread to another team
		}
		return authhooks.Only(authhooks.Eq("owner", c.User.Identity)), nil
	}
	ownOrTeam := func(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
		return authhooks.Only(authhooks.Or(
			authhooks.Eq("owner", c.User.Identity),
			authhooks.In("team", teams(c.User)...), // no team: matches nothing
		)), nil
	}
	auth := authhooks.New(authhooks.Bearer(authenticate),
		authhooks.On(authhooks.Any, authhooks.Any, authhooks.OwnerOnly("owner")),
		authhooks.OnEvent(createThread),
		authhooks.On(authhooks.Threads, authhooks.Read, ownOrTeam),
		authhooks.On(authhooks.Threads, authhooks.Search, ownOrTeam),
		authhooks.On(authhooks.Threads, authhooks.CreateRun, ownOrTeam),
	)

	bob := &authhooks.User{Identity: "bob", Extra: map[string]any{"teams": []string{"red"}}}
	for _, v := range []authhooks.Value{
		&authhooks.ThreadsRead{},
		&authhooks.ThreadsDelete{},
		&authhooks.ThreadsCreate{Metadata: authhooks.Metadata{"team": "blue"}},
	} {
		answer, err := auth.Decide(context.Background(), &authhooks.Call{User: bob, Value: v})
		fmt.Println(answer.Filter, err)
	}
	// Output:
	// {"$or":[{"owner":{"$eq":"bob"}},{"team":{"$in":["red"]}}]} <nil>
	// {"owner":{"$eq":"bob"}} <nil>
	// <nil> 403: not a member of team blue
}

// New is a function where hooks need the environment: it is loaded before the server calls it.
func Example_tenants() {
	lookup := func(ctx context.Context, key string) (*authhooks.User, error) {
		if key != os.Getenv("API_KEY") {
			return nil, authhooks.Unauthenticated("Invalid key")
		}
		return &authhooks.User{Identity: "service", Tenant: "acme"}, nil
	}
	newAuth := func(ctx context.Context) (*authhooks.Auth, error) {
		return authhooks.New(authhooks.Header("X-Api-Key", lookup),
			authhooks.On(authhooks.Any, authhooks.Any, authhooks.All(authhooks.TenantOnly("tenant_id"), authhooks.OwnerOnly("owner"))),
			authhooks.On("assistants", authhooks.Any, authhooks.TenantOnly("tenant_id")), // shared within the tenant
			authhooks.On("threads", "delete", authhooks.Require("threads:delete", authhooks.TenantOnly("tenant_id"))),
		), nil
	}

	auth, err := newAuth(context.Background())
	fmt.Println(err, auth.Validate())
	// Output: <nil> <nil>
}

// Guests read: the order of rules does not matter, the most specific one runs.
func Example_guests() {
	rules := []authhooks.Rule{authhooks.On(authhooks.Any, authhooks.Any, authhooks.AllowAll)}
	for _, action := range []authhooks.Action{authhooks.Create, authhooks.Update, authhooks.Delete, authhooks.CreateRun, authhooks.Put} {
		rules = append(rules, authhooks.On(authhooks.Any, action, authhooks.Refuse("guests read")))
	}
	auth := authhooks.New(authhooks.Bearer(authenticate), rules...)

	guest := &authhooks.User{Identity: "guest"}
	_, err := auth.Decide(context.Background(), &authhooks.Call{User: guest, Value: &authhooks.ThreadsRead{}})
	fmt.Println(err)
	_, err = auth.Decide(context.Background(), &authhooks.Call{User: guest, Value: &authhooks.ThreadsUpdate{}})
	fmt.Println(err)
	// Output:
	// <nil>
	// 403: guests read
}

func ExampleAuth_Validate() {
	auth := authhooks.New(authhooks.Bearer(authenticate), authhooks.On("store", "create", authhooks.AllowAll))
	_, message, _ := strings.Cut(auth.Validate().Error(), ": ") // before it stand the file and line of the rule
	fmt.Println(message)
	// Output: On("store", "create"): store has no such action; it has put, get, search, delete, list_namespaces
}

// Everyone sees his own rows, an admin those of all.
func ExampleBypass() {
	auth := authhooks.New(authhooks.Bearer(authenticate),
		authhooks.On(authhooks.Any, authhooks.Any, authhooks.Bypass("admin", authhooks.OwnerOnly("owner"))),
	)
	for _, u := range []authhooks.User{{Identity: "user1"}, {Identity: "root", Permissions: []string{"admin"}}} {
		answer, err := auth.Decide(context.Background(), &authhooks.Call{User: &u, Value: &authhooks.ThreadsSearch{}})
		fmt.Println(u, answer.Filter, err)
	}
	// Output:
	// user1 {"owner":{"$eq":"user1"}} <nil>
	// root <nil> <nil>
}

func ExampleNot() {
	f := authhooks.Not(authhooks.Eq("team", "red"))
	fmt.Println(f.Match(authhooks.Metadata{"team": "blue"}), f.Match(authhooks.Metadata{}))
	f = authhooks.Or(f, authhooks.Not(authhooks.Exists("team")))
	fmt.Println(f.Match(authhooks.Metadata{"team": "blue"}), f.Match(authhooks.Metadata{}))
	// Output:
	// true false
	// true true
}

func ExampleParseFilter() {
	f, err := authhooks.ParseFilter([]byte(`{"owner": "alice", "members": {"$contains": "bob"}}`))
	fmt.Println(f, err)
	_, err = authhooks.ParseFilter([]byte(`{"owner": {"$ne": "alice"}}`))
	fmt.Println(err)
	// Output:
	// {"$and":[{"owner":{"$eq":"alice"}},{"members":{"$contains":"bob"}}]} <nil>
	// parse filter: "$ne" of "owner" is no operator
}

// A status of one's own, with a header.
func ExampleError() {
	quota := func(ctx context.Context, c *authhooks.Call) (authhooks.Verdict, error) {
		return authhooks.Verdict{}, &authhooks.Error{Status: 429, Detail: "ten runs an hour", Cause: errors.New("quota of " + c.User.Identity)}
	}
	auth := authhooks.New(authhooks.Bearer(authenticate), authhooks.On(authhooks.Threads, authhooks.CreateRun, quota))
	_, err := auth.Decide(context.Background(), &authhooks.Call{User: &authhooks.User{Identity: "user1"}, Value: &authhooks.RunsCreate{}})
	fmt.Println(err)
	// Output: 429: ten runs an hour: quota of user1
}
