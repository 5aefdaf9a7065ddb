package dev

import (
	"go/types"
	"strings"
)

// graph tells whether graphs.* may have the type t.
func (d *doors) graph(t types.Type) bool {
	if pointer, ok := types.Unalias(t).(*types.Pointer); ok && named(pointer.Elem(), d.graphs, "StateGraph") {
		return true
	}
	if named(t, d.graphs, "Factory") || types.Implements(t, d.runnable) {
		return true
	}
	results := d.function(t)
	return len(results) == 2 && named(results[0], d.graphs, "Runnable") && isError(results[1])
}

// auth tells whether auth.path may have the type t.
func (d *doors) auth(t types.Type) bool {
	if d.isAuth(t) {
		return true
	}
	results := d.function(t, "context.Context")
	return len(results) == 2 && d.isAuth(results[0]) && isError(results[1])
}

// embed tells whether store.index.embed may have the type t: by its methods, so that no library has to be named for it.
func (d *doors) embed(t types.Type) bool {
	if embeds(t) {
		return true
	}
	results := d.function(t)
	return len(results) == 2 && embeds(results[0]) && isError(results[1])
}

func embeds(t types.Type) bool {
	return has(t, "EmbedDocuments", "(context.Context, []string)", "([][]float32, error)") &&
		has(t, "EmbedQuery", "(context.Context, string)", "([]float32, error)")
}

// has tells whether values of type t have a method with these parameters and results.
func has(t types.Type, name, params, results string) bool {
	method := types.NewMethodSet(t).Lookup(nil, name)
	if method == nil {
		return false
	}
	signature, ok := method.Type().(*types.Signature)
	return ok && !signature.Variadic() && list(signature.Params()) == params && list(signature.Results()) == results
}

// list is the types of a tuple without the names.
func list(tuple *types.Tuple) string {
	var all []string
	for v := range tuple.Variables() {
		all = append(all, types.TypeString(types.Unalias(v.Type()), nil))
	}
	return "(" + strings.Join(all, ", ") + ")"
}

// app tells whether http.app may have the type t.
func (d *doors) app(t types.Type) bool {
	if d.isApp(t) {
		return true
	}
	results := d.function(t, "context.Context")
	return len(results) == 2 && d.isApp(results[0]) && isError(results[1])
}

func (d *doors) isApp(t types.Type) bool {
	if pointer, ok := types.Unalias(t).(*types.Pointer); ok {
		t = pointer.Elem()
	}
	return named(t, d.platform, "App")
}

func (d *doors) isAuth(t types.Type) bool {
	pointer, ok := types.Unalias(t).(*types.Pointer)
	return ok && named(pointer.Elem(), d.hooks, "Auth")
}

// function returns the results of a plain function with exactly these parameters, nil when t is none. A named function type
// is none: the server tells functions apart by their type.
func (d *doors) function(t types.Type, params ...string) []types.Type {
	signature, ok := types.Unalias(t).(*types.Signature)
	if !ok || signature.Variadic() || signature.TypeParams().Len() > 0 || signature.Params().Len() != len(params) {
		return nil
	}
	for i, want := range params {
		if types.TypeString(types.Unalias(signature.Params().At(i).Type()), nil) != want {
			return nil
		}
	}
	var results []types.Type
	for v := range signature.Results().Variables() {
		results = append(results, v.Type())
	}
	return results
}

// named tells whether t is the type name of the package at path, with whatever type arguments.
func named(t types.Type, path, name string) bool {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok {
		return false
	}
	object := n.Origin().Obj()
	return object.Name() == name && object.Pkg() != nil && object.Pkg().Path() == path
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// article is a type as people read it, with "a" or "an".
func article(t types.Type) string {
	text := types.TypeString(types.Default(t), func(p *types.Package) string { return p.Name() })
	if strings.ContainsRune("aeiou", rune(text[0])) {
		return "an " + text
	}
	return "a " + text
}
