// Package compat holds the tests that stand where a stranger stands: they drive whole servers over HTTP, in this process and as
// the built binary, with the official Python and JavaScript clients and with our own, on every database. Its graphs are fixtures.
//
// It has no code that anyone imports.
package compat
