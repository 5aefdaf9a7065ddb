// Package authhooks has the name of the real one that auth.path may be of.
package authhooks

type Auth struct{ Mistake string }
