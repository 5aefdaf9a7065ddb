package webhook_test

import (
	"fmt"

	"github.com/locutory/locutory/platform/webhook"
)

// What a caller may name, and what of it other readers of the run see.
func ExamplePolicy() {
	policy := &webhook.Policy{RequireHTTPS: true, Domains: []string{"*.example.com"}}
	for _, url := range []string{
		"https://hooks.example.com/ended?token=t", "http://hooks.example.com/", "https://example.org/", "https://169.254.169.254/", "/hook",
	} {
		if err := policy.Check(url); err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(policy.Mask(url))
	}
	// Output:
	// https://hooks.example.com/ended
	// scheme "http" is not allowed; want https
	// host example.org is not allowed
	// the address is not public: 169.254.169.254
	// a path alone is this server itself, which is not allowed; want https://host/path
}
