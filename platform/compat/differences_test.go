package compat

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Each row of the table of differences is held by a test that is named here, and the tests are there.
func TestDifferencesAreHeld(t *testing.T) {
	t.Parallel()
	held := []struct {
		row   string // a part of the row's first column
		tests []string
	}{
		{"no rule of the hooks matches", []string{"TestUnhandled", "TestUnhandledAllow"}},
		{"Hooks that do not load", []string{"TestR3NamedHooksMustBeThere", "TestNewRefuses"}},
		{"Without `auth`", []string{"TestOpenServersStayOnThisMachine"}},
		{"a hook has stamped", []string{"TestAC20OwnersCannotGiveAway", "TestAC38VersionsOfAnAssistant", "TestCopyOfAThread"}},
		{"byte for byte like one that is not there, on every route", []string{"TestEveryRouteHasTwoUsers", "TestAC17AC45ThreadsOfOthersAreMissing", "TestAC45RunsOfOthersAreMissing"}},
		{"A filter that is empty", []string{"TestHostileHooks"}},
		{"Creating a run that makes its thread", []string{"TestHooksSeeWhatIsStored", "TestAC21StatelessRunsAreOwned", "TestH36CancelOfAllCancelsOnes"}},
		{"Deleting an assistant", []string{"TestH12SharedAssistantsTakeNoThreadsOfOthers"}},
		{"`langgraph_auth_*`", []string{"TestReserved"}},
		{"A tool of `/mcp`", []string{"TestAC45ToolsOfOthersAreMissing", "TestMCPSharedAssistants"}},
		{"A `contextId` of A2A", []string{"TestAC45TasksOfOthersAreMissing"}},
		{"whose client goes away", []string{"TestMCPLeavingCancels"}},
		{"header of the Studio", []string{"TestTheStudioCannotBeImpersonated"}},
		{"`GET /metrics`", []string{"TestMetricsAreTheOperators", "TestMetricsAreOpenWithoutUsers"}},
		{"Settings of the environment", []string{"TestSettingsThatGuardNothing"}},
		{"Custom routes", []string{"TestPublicOpensWhatItSays", "TestMistakesOfAnAppStopTheStart"}},
		{"No header goes into `configurable`", []string{"TestConfigurableByEveryProtocol"}},
		{"Browsers of other origins", []string{"TestR8CORS"}},
		{"A request with an effect", []string{"TestPagesOfOtherSites"}},
		{"Fields that the contract names", []string{"TestHostileJSON"}},
		{"Fields that the contract does not name", []string{"TestA2AIgnoresWhatItDoesNotKnow", "TestFeedback"}},
		{"`feedback_keys`", []string{"TestFeedbackLinks"}},
		{"A cancelled run", []string{"TestCancelReasons"}},
		{"An `include` other than", []string{"TestErrorsAreOneShape", "TestPages"}},
		{"JSON deeper than", []string{"TestDecodeRefusesWhatNoDatabaseHolds"}},
		{"`X-Pagination-Total`", []string{"TestPages"}},
		{"`POST /threads/{id}/history` without", []string{"TestHistoryWithoutWords"}},
		{"The state at a checkpoint", []string{"TestHistoryWithoutWords"}},
		{"A stream that ends cleanly", []string{"TestKilledServersLoseNothing", "TestA2AStreamsBreakOff"}},
		{"Event ids never repeat", []string{"TestKilledServersLoseNothing"}},
		{"After a crash", []string{"TestSecondAttempt", "TestKilledServersLoseNothing", "TestFold"}},
	}
	there := map[string]bool{}
	named := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	check(t, filepath.WalkDir("../..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range named.FindAllSubmatch(text, -1) {
			there[string(m[1])] = true
		}
		return err
	}))
	page, err := os.ReadFile("../../examples/docs/differences.md")
	check(t, err)
	rows := slices.DeleteFunc(strings.Split(string(page), "\n"), func(line string) bool {
		return !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| Here |")
	})
	for _, row := range rows {
		n := 0
		for _, h := range held {
			if strings.Contains(strings.Split(row, " | ")[0], h.row) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d of the tests here are for the row %s", n, row)
		}
	}
	for _, h := range held {
		for _, name := range h.tests {
			if !there[name] {
				t.Errorf("%q is held by %s, which is not there", h.row, name)
			}
		}
	}
	if len(rows) != len(held) {
		t.Errorf("%d rows, %d tests", len(rows), len(held))
	}
}

// A history of which nothing is asked has ten states, and a checkpoint that is not there is not an empty state.
func TestHistoryWithoutWords(t *testing.T) {
	t.Parallel()
	databases(t, func(t *testing.T, uri string) {
		s := serve(t, privateChat(press("press")), uri)
		at := "/threads/" + s.must(200, alice, "POST", "/threads", `{"metadata": {"graph_id": "press"}}`).field(t, "thread_id")
		for range 11 {
			s.must(200, alice, "POST", at+"/state", `{"values": {"lines": ["x"]}, "as_node": "plan"}`)
		}
		var states []any
		s.must(200, alice, "POST", at+"/history", `{}`).into(t, &states)
		if len(states) != 10 {
			t.Errorf("%d states", len(states))
		}
		s.must(404, alice, "GET", at+"/state/1f0e5d1a-0000-6000-8000-000000000000", "")
	})
}
