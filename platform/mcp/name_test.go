package mcp

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/locutory/locutory/platform/store"
)

func assistantsNamed(list ...string) []store.Assistant {
	var all []store.Assistant
	for i, name := range list {
		all = append(all, store.Assistant{ID: uuid.NewSHA1(uuid.Nil, []byte{byte(i)}).String(), Name: name})
	}
	return all
}

func TestNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100)
	foreign := strings.Repeat("0a", 16)
	for name, y := range map[string]struct{ given, want []string }{
		"as they are":         {[]string{"agent", "My-Bot_2"}, []string{"agent", "My-Bot_2"}},
		"other characters":    {[]string{"Weather bot (new)", "ünï/code", "a.b"}, []string{"Weather_bot_new", "n_code", "a_b"}},
		"none that may be":    {[]string{"天気", "", "__"}, []string{"assistant", "assistant-{1}", "assistant-{2}"}},
		"alike":               {[]string{"a b", "a_b", "a  b"}, []string{"a_b", "a_b-{1}", "a_b-{2}"}},
		"long":                {[]string{long, long}, []string{long[:64], long[:31] + "-{1}"}},
		"like somebody's own": {[]string{"a-" + foreign}, []string{("a-" + foreign)[:31] + "-{0}"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := assistantsNamed(y.given...)
			got := names(all)
			for i, a := range all {
				got[i] = strings.Replace(got[i], strings.ReplaceAll(a.ID, "-", ""), "{"+string(rune('0'+i))+"}", 1)
			}
			if diff := cmp.Diff(y.want, got); diff != "" {
				t.Errorf("names (-want +got):\n%s", diff)
			}
		})
	}
}

// Whatever assistants are called, their tools' names are allowed, tell them apart, and lead back to them, also out of the few that
// are looked up for a call.
func TestNamesLeadBack(t *testing.T) {
	t.Parallel()
	allowed := regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfNDistinct(rapid.SliceOfN(rapid.Byte(), 16, 16), 1, 8, func(b []byte) string { return string(b) }).Draw(t, "ids")
		var all []store.Assistant
		for _, id := range ids {
			a := store.Assistant{ID: uuid.Must(uuid.FromBytes(id)).String()}
			wanted := []string{"assistant"} // by one who wants another's name
			for _, other := range all {
				wanted = append(wanted, exact(other))
			}
			a.Name = rapid.OneOf(
				rapid.StringMatching(`[aB _/-]{0,4}`), rapid.String(), rapid.StringMatching(`[a-c_. ]{60,80}`), rapid.SampledFrom(wanted),
			).Draw(t, "name")
			all = append(all, a)
		}
		seen := map[string]bool{}
		for i, name := range names(all) {
			if !allowed.MatchString(name) || seen[name] {
				t.Fatalf("%q is called %q, which is not allowed or somebody else", all[i].Name, name)
			}
			seen[name] = true
			var alike []store.Assistant
			for _, a := range all {
				if strings.Contains(strings.ToLower(a.Name), strings.ToLower(like(name))) {
					alike = append(alike, a)
				}
			}
			for _, tool := range []string{name, exact(all[i])} {
				if got, ok := called(tool, alike); !ok || got.ID != all[i].ID {
					t.Fatalf("the tool %q of %q is %q", tool, all[i].Name, got.Name)
				}
			}
		}
	})
}
