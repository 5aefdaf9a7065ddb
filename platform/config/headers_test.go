package config

import "testing"

// TestHeaders: nothing is taken that was not asked for, excludes win, and credentials are taken in no way.
func TestHeaders(t *testing.T) {
	t.Parallel()
	everything := Headers{Includes: []string{"*"}}
	for name, test := range map[string]struct {
		h    Headers
		want map[string]bool
	}{
		"nothing": {Headers{}, map[string]bool{"x-a": false, "user-agent": false}},
		"a name":  {Headers{Includes: []string{"x-a"}}, map[string]bool{"X-A": true, "x-ab": false, "y-x-a": false}},
		"a star":  {Headers{Includes: []string{"x-*"}}, map[string]bool{"X-A": true, "x-": true, "ax-b": false, "X-Api-Key": false, "x-tenant-id": false, "x-service-key": false}},
		"inside":  {Headers{Includes: []string{"x-*-id"}}, map[string]bool{"x-a-id": true, "x-a-idx": false, "x-tenant-id": false}},
		"excludes": {Headers{Includes: []string{"*", "x-api-key"}, Excludes: []string{"x-secret-*", "x-y"}}, map[string]bool{
			"x-a": true, "X-Secret-A": false, "x-api-key": true,
		}},
		"excludes win":       {Headers{Includes: []string{"x-a"}, Excludes: []string{"x-*"}}, map[string]bool{"x-a": false}},
		"reserved by name":   {Headers{Includes: []string{"x-tenant-id"}}, map[string]bool{"X-Tenant-Id": true, "x-api-key": false}},
		"reserved, excluded": {Headers{Includes: []string{"x-tenant-id"}, Excludes: []string{"*-id"}}, map[string]bool{"X-Tenant-Id": false}},
		"everything": {everything, map[string]bool{
			"user-agent": true, "Authorization": false, "Cookie": false, "Proxy-Authorization": false, "Set-Cookie": false, "X-Api-Key": false,
		}},
		"credentials by name": {Headers{Includes: []string{"authorization", "cookie", "auth*", "c*"}}, map[string]bool{"Authorization": false, "cookie": false}},
	} {
		for header, want := range test.want {
			if got := test.h.Takes(header); got != want {
				t.Errorf("%s: Takes(%q) = %t, want %t", name, header, got, want)
			}
		}
	}
}
