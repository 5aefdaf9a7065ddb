package authhooks

import (
	"context"
	"fmt"
	"reflect"
	"slices"
)

// policy is a handler of this package that can say what it is, so that tables show OwnerOnly("owner") instead of a closure.
type policy struct {
	name     string
	mistakes []string
	run      Handler
}

func (p policy) decide(ctx context.Context, c *Call) (Verdict, error) {
	if c.probe != nil {
		c.probe(p)
		return Verdict{}, nil
	}
	return p.run(ctx, c)
}

// policyOf asks a handler what it is. Only decide is called for that; it is known by its code, which all policies share.
func policyOf(handle Handler) policy {
	if handle == nil {
		return policy{name: "nil", mistakes: []string{"a handler is nil"}}
	}
	found := policy{name: nameOf(handle), run: handle}
	if reflect.ValueOf(handle).Pointer() == reflect.ValueOf(policy{}.decide).Pointer() {
		_, _ = handle(context.Background(), &Call{probe: func(p policy) { found = p }})
	}
	return found
}

// OwnerOnly keeps rows to who made them: it stamps key with the caller's identity, and lets the caller reach the rows that bear it.
// Store calls get a partition of their own, so that users do not meet in a namespace either.
func OwnerOnly(key string) Handler {
	return policy{fmt.Sprintf("OwnerOnly(%q)", key), keyMistakes(key), func(_ context.Context, c *Call) (Verdict, error) {
		c.Stamp(key, c.User.Identity)
		c.Partition(c.User.Identity)
		return Only(Eq(key, c.User.Identity)), nil
	}}.decide
}

// TenantOnly keeps rows to the tenant that made them, as [OwnerOnly] does to the owner. A user without a tenant is denied.
func TenantOnly(key string) Handler {
	return policy{fmt.Sprintf("TenantOnly(%q)", key), keyMistakes(key), func(_ context.Context, c *Call) (Verdict, error) {
		if c.User.Tenant == "" {
			return Deny("the user belongs to no tenant"), nil
		}
		c.Stamp(key, c.User.Tenant)
		c.Partition(c.User.Tenant)
		return Only(Eq(key, c.User.Tenant)), nil
	}}.decide
}

// AllowAll lets every call reach every row.
func AllowAll(context.Context, *Call) (Verdict, error) { return Allow(), nil }

// Refuse denies every call with the reason.
func Refuse(reason string) Handler {
	return policy{fmt.Sprintf("Refuse(%q)", reason), nil, func(context.Context, *Call) (Verdict, error) {
		return Deny(reason), nil
	}}.decide
}

// Require denies users without the permission; for the others next decides.
func Require(permission string, next Handler) Handler {
	return permissionPolicy("Require", permission, next, func(ctx context.Context, c *Call) (Verdict, error) {
		if !c.User.Can(permission) {
			return Deny("the permission " + permission + " is required"), nil
		}
		return next(ctx, c)
	})
}

// Bypass lets users with the permission reach every row; for the others next decides. next is asked in both cases, for its stamps
// and its partition: what such a user makes is his like anyone's, and bears no owner that he made up.
func Bypass(permission string, next Handler) Handler {
	return permissionPolicy("Bypass", permission, next, func(ctx context.Context, c *Call) (Verdict, error) {
		v, err := next(ctx, c)
		if err == nil && c.User.Can(permission) {
			return Allow(), nil
		}
		return v, err
	})
}

// All asks every handler and lets the call reach only the rows that all of them do. The first that refuses ends it. Stamps add up,
// and partitions divide further.
func All(first Handler, more ...Handler) Handler {
	handlers := append([]Handler{first}, more...)
	p := policy{name: "All("}
	for i, h := range handlers {
		inner := policyOf(h)
		if i > 0 {
			p.name += ", "
		}
		p.name += inner.name
		p.mistakes = append(p.mistakes, inner.mistakes...)
	}
	p.name += ")"
	p.run = func(ctx context.Context, c *Call) (Verdict, error) {
		var filters []Filter
		for _, handle := range handlers {
			v, err := handle(ctx, c)
			if err != nil || v.kind == denied || v.kind == hidden {
				return v, err
			}
			if v.kind == filtered {
				filters = append(filters, v.filter)
			}
		}
		if len(filters) == 0 {
			return Allow(), nil
		}
		return Only(And(filters[0], filters[1:]...)), nil
	}
	return p.decide
}

func permissionPolicy(name, permission string, next, run Handler) Handler {
	inner := policyOf(next)
	mistakes := slices.Clone(inner.mistakes)
	if permission == "" {
		mistakes = append(mistakes, name+" of no permission")
	}
	return policy{fmt.Sprintf("%s(%q, %s)", name, permission, inner.name), mistakes, run}.decide
}

func keyMistakes(key string) []string {
	if err := checkKey(key); err != nil {
		return []string{err.Error()}
	}
	return nil
}
