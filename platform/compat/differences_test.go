package compat

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Each row of the table of differences is held by tests that are named here, and there is one of each name; where packages share a
// name, the package's is before it.
func TestDifferencesAreHeld(t *testing.T) {
	t.Parallel()
	held := []struct {
		row   string // a part of the row's first column
		tests []string
	}{
		{"no rule of the hooks matches", []string{"TestUnhandled", "TestUnhandledAllow"}},
		{"Hooks that do not load", []string{"TestR3NamedHooksMustBeThere", "access.TestNewRefuses"}},
		{"Without `auth`", []string{"TestOpenServersStayOnThisMachine"}},
		{"a hook has stamped", []string{"TestAC20OwnersCannotGiveAway", "TestAC38VersionsOfAnAssistant", "TestAC36CopyNeedsReadAndCreate"}},
		{"byte for byte like one that is not there, on every route", []string{"TestEveryRouteHasTwoUsers", "TestAC17AC45ThreadsOfOthersAreMissing", "TestAC45RunsOfOthersAreMissing"}},
		{"A filter that is empty", []string{"TestHostileHooks", "TestParseFilterRefuses"}},
		{"Creating a run that makes its thread", []string{"TestQuestions", "runs.TestDenials", "TestStrategyNeedsUpdate"}},
		{"Deleting an assistant", []string{"TestH12SharedAssistantsTakeNoThreadsOfOthers"}},
		{"`langgraph_auth_*`", []string{"TestReserved", "TestAC9TheGraphKnowsItsCaller", "TestWhatCheckpointsTell", "TestH5CronsCannotSayWhoTheUserIs"}},
		{"A tool of `/mcp`", []string{"TestAC45ToolsOfOthersAreMissing", "TestMCPSharedAssistants", "TestMCPStatuses"}},
		{"A `contextId` of A2A", []string{"TestAC45TasksOfOthersAreMissing", "TestA2AAsksTheHooks"}},
		{"whose client goes away", []string{"TestMCPLeavingCancels", "TestResults"}},
		{"header of the Studio", []string{"TestH1H10H31H42NoWayAroundTheCredentials"}},
		{"`GET /metrics`", []string{"TestMetricsAreTheOperators", "TestMetricsAreOpenWithoutUsers"}},
		{"Settings of the environment", []string{"TestSettingsThatGuardNothing"}},
		{"Custom routes", []string{"TestPublicOpensWhatItSays", "TestMistakesOfAnAppStopTheStart", "TestDisabledRoutesAreNobodys"}},
		{"No header goes into `configurable`", []string{"TestConfigurableOfRequests", "TestHeadersAreNotCopiedByDefault", "TestHeaders", "TestConfigurableByEveryProtocol"}},
		{"Browsers of other origins", []string{"TestR8CORS"}},
		{"A request with an effect", []string{"api.TestPagesOfOtherSites", "compat.TestPagesOfOtherSites"}},
		{"Fields that the contract names", []string{"TestHostileJSON", "TestRunSettings"}},
		{"Fields that the contract does not name", []string{"TestBatch", "TestA2AIgnoresWhatItDoesNotKnow"}},
		{"`feedback_keys`", []string{"TestFeedback", "TestFeedbackLinks"}},
		{"A cancelled run", []string{"TestCancelReasons"}},
		{"An `include` other than", []string{"TestErrorsAreOneShape", "TestPages"}},
		{"JSON deeper than", []string{"TestDecodeRefusesWhatNoDatabaseHolds", "TestHostileJSON", "TestHostileStatesOfOthers"}},
		{"A number that JSON does not have", []string{"TestMistakesOfARun"}},
		{"the keys of a graph's output schema", []string{"TestOutputOfGraph"}},
		{"While one task of a step waits", []string{"TestWaitingBesideFinished"}},
		{"`X-Pagination-Total`", []string{"TestPages", "store.TestSQLite", "store.TestPostgres"}},
		{"`POST /threads/{id}/history` without", []string{"TestHistoryWithoutWords"}},
		{"The state at a checkpoint", []string{"TestHistoryWithoutWords"}},
		{"A stream that ends cleanly", []string{"TestClientsOutliveTheServer", "TestA2AStreamsBreakOff"}},
		{"Event ids never repeat", []string{"TestKilledServersLoseNothing", "TestEventIDsNeverRepeat"}},
		{"After a crash", []string{"TestSecondAttempt", "TestKilledServersLoseNothing", "v1.TestFold"}},
	}
	there := map[string]int{}
	named := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	check(t, filepath.WalkDir("../..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range named.FindAllSubmatch(text, -1) {
			there[string(m[1])]++
			there[filepath.Base(filepath.Dir(path))+"."+string(m[1])]++
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
			if n := there[name]; n != 1 {
				t.Errorf("%q is held by %s, of which there are %d", h.row, name, n)
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

// Ids of a thread's events go on growing from one run to the next, over a restart, and when what there was is gone.
func TestEventIDsNeverRepeat(t *testing.T) {
	t.Parallel()
	path := binary(t, "graphs/durable/platform.json")
	databases(t, func(t *testing.T, uri string) {
		process := start(t, path, "DATABASE_URI="+uri)
		s := &server{URL: process.URL, t: t}
		at := "/threads/" + s.must(200, alice, "POST", "/threads", `{}`).field(t, "thread_id")
		last := int64(-1)
		for _, before := range []func(){
			func() {}, func() {}, func() { process.stop(syscall.SIGTERM); process.again() },
			func() { process.kill(); process.again() },
			func() {
				var runs []struct {
					ID string `json:"run_id"`
				}
				s.must(200, alice, "GET", at+"/runs", "").into(t, &runs)
				for _, run := range runs {
					s.must(204, alice, "DELETE", at+"/runs/"+run.ID, "")
				}
			},
		} {
			before()
			body := s.must(200, alice, "POST", at+"/runs/stream", saying("agent", "x", `, "stream_mode": "updates"`)).Body
			ids := regexp.MustCompile(`(?m)^id: (.*)$`).FindAllStringSubmatch(string(body), -1)
			if len(ids) < 10 {
				t.Fatalf("%d ids in\n%s", len(ids), body)
			}
			for _, id := range ids {
				n, err := strconv.ParseInt(id[1], 10, 64)
				check(t, err)
				if n <= last {
					t.Fatalf("id %d after %d in\n%s", n, last, body)
				}
				last = n
			}
		}
	})
}
