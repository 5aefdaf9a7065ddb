package api

import (
	"net/http"
	"slices"
	"strings"
)

// unsupported refuses a request that asks for what the server does not do yet, by name: no field that the contract names is
// accepted and ignored.
func unsupported(fields map[string]bool) error {
	var asked []string
	for name, set := range fields {
		if set {
			asked = append(asked, name)
		}
	}
	if len(asked) == 0 {
		return nil
	}
	slices.Sort(asked)
	return refuse(http.StatusUnprocessableEntity, "%s: not supported yet; leave it out", strings.Join(asked, ", "))
}
