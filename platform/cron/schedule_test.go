package cron_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/locutory/locutory/platform/cron"
)

const minute = "2006-01-02 15:04 MST"

func parse(t *testing.T, expression, zone string) cron.Schedule {
	t.Helper()
	s, err := cron.Parse(expression, zone)
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	return s
}

func TestAfter(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, expression, zone string
		from                   string // in the zone
		want                   []string
	}{
		{"UTC without a zone", "0 8 * * *", "", "2026-09-17 12:00", []string{"2026-09-18 08:00 UTC", "2026-09-19 08:00 UTC"}},
		{"rest.md 17.8", "0 8 * * *", "Europe/Berlin", "2026-09-17 12:00", []string{"2026-09-18 08:00 CEST"}},
		{"strictly after", "* * * * *", "", "2026-09-17 12:00", []string{"2026-09-17 12:01 UTC", "2026-09-17 12:02 UTC"}},
		{"Sunday is 0 and 7", "0 0 * * 7", "", "2026-09-17 12:00", []string{"2026-09-20 00:00 UTC"}},
		{"a day of either kind", "0 0 13 * FRI", "", "2026-09-10 12:00", []string{
			"2026-09-11 00:00 UTC", "2026-09-13 00:00 UTC", "2026-09-18 00:00 UTC",
		}},
		{"leap day", "0 0 29 2 *", "", "2026-09-17 12:00", []string{"2028-02-29 00:00 UTC", "2032-02-29 00:00 UTC"}},

		{"skipped: fires at the change", "30 2 * * *", "Europe/Berlin", "2026-03-28 12:00", []string{
			"2026-03-29 03:00 CEST", "2026-03-30 02:30 CEST",
		}},
		{"skipped: several fire once", "0,15,30 2 * * *", "Europe/Berlin", "2026-03-29 01:00", []string{
			"2026-03-29 03:00 CEST", "2026-03-30 02:00 CEST",
		}},
		{"skipped: with the one at the change", "*/30 * * * *", "Europe/Berlin", "2026-03-29 01:15", []string{
			"2026-03-29 01:30 CET", "2026-03-29 03:00 CEST", "2026-03-29 03:30 CEST",
		}},
		{"skipped: midnight", "0 0 * * *", "America/Sao_Paulo", "2018-11-03 12:00", []string{
			"2018-11-04 01:00 -02", "2018-11-05 00:00 -02",
		}},
		{"skipped: a whole day", "0 12 * * *", "Pacific/Apia", "2011-12-29 13:00", []string{
			"2011-12-31 00:00 +14", "2011-12-31 12:00 +14",
		}},
		{"repeated: fires the first time", "30 2 * * *", "Europe/Berlin", "2026-10-24 12:00", []string{
			"2026-10-25 02:30 CEST", "2026-10-26 02:30 CET",
		}},
		{"repeated: at the change", "0 2,3 * * *", "Europe/Berlin", "2026-10-24 12:00", []string{
			"2026-10-25 02:00 CEST", "2026-10-25 03:00 CET", "2026-10-26 02:00 CET",
		}},
		{"repeated: every hour counts", "30 * * * *", "Europe/Berlin", "2026-10-25 01:45", []string{
			"2026-10-25 02:30 CEST", "2026-10-25 02:30 CET", "2026-10-25 03:30 CET",
		}},
		{"half an hour", "15,45 1 * * *", "Australia/Lord_Howe", "2026-04-04 12:00", []string{
			"2026-04-05 01:15 +11", "2026-04-05 01:45 +11", "2026-04-06 01:15 +1030",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			zone, err := time.LoadLocation(test.zone)
			if err != nil {
				t.Fatal(err)
			}
			at, err := time.ParseInLocation("2006-01-02 15:04", test.from, zone)
			if err != nil {
				t.Fatal(err)
			}
			s := parse(t, test.expression, test.zone)
			var got []string
			for range test.want {
				at = s.After(at)
				if at.Location() != time.UTC {
					t.Errorf("%v is not in UTC", at)
				}
				got = append(got, at.In(zone).Format(minute))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestRepeatedIsNotFiredAgain asks from within the second time round.
func TestRepeatedIsNotFiredAgain(t *testing.T) {
	t.Parallel()
	s := parse(t, "30 2 * * *", "Europe/Berlin")
	again := time.Date(2026, 10, 25, 1, 10, 0, 0, time.UTC) // 02:10 CET; it was 02:30 CEST forty minutes ago
	if got, want := s.After(again), time.Date(2026, 10, 26, 1, 30, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestAfterWalks compares After with a walk over all minutes.
func TestAfterWalks(t *testing.T) {
	t.Parallel()
	zones := []string{"", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "America/New_York", "Asia/Kathmandu"}
	expressions := []string{"30 2 * * *", "0 0 * * *", "15,45 1-3 * * *", "0 3 * * SUN", "0 0-23/2 * * *"}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		name := zones[rng.IntN(len(zones))]
		expression := expressions[rng.IntN(len(expressions))]
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		s := parse(t, expression, name)
		from := time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(rng.IntN(2*365*24*60)) * time.Minute)
		if got, want := s.After(from), walk(t, expression, zone, from); !got.Equal(want) {
			t.Errorf("%s %q after %v: got %v, want %v", name, expression, from, got.In(zone), want.In(zone))
		}
	}
}

// walk finds the next time the slow way: the clock on the wall is looked at each minute, what it passed over since the minute before is
// due now, and what it has shown before is not.
func walk(t *testing.T, expression string, zone *time.Location, from time.Time) time.Time {
	t.Helper()
	utc := parse(t, expression, "")
	wall := func(at time.Time) time.Time {
		_, offset := at.In(zone).Zone()
		return at.Add(time.Duration(offset) * time.Second)
	}
	seen := wall(from.Add(-48 * time.Hour))
	for at := from.Add(-48 * time.Hour); ; at = at.Add(time.Minute) {
		now := wall(at)
		if !now.After(seen) {
			continue
		}
		due := !utc.After(seen).After(now)
		seen = now
		if due && at.After(from) {
			return at
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string][2]string{
		"nothing":            {"", ""},
		"words":              {"every day", ""},
		"four fields":        {"* * * *", ""},
		"six fields":         {"* * * * * *", ""},
		"a descriptor":       {"@daily", ""},
		"a span":             {"@every 1s", ""},
		"a zone of its own":  {"TZ=Asia/Tokyo * * * *", ""},
		"and one too many":   {"CRON_TZ=Asia/Tokyo 0 0 * * *", ""},
		"minute 60":          {"60 * * * *", ""},
		"hour 24":            {"0 24 * * *", ""},
		"step 0":             {"*/0 * * * *", ""},
		"no such zone":       {"* * * * *", "Mars/Olympus"},
		"the server's zone":  {"* * * * *", "Local"},
		"a path for a zone":  {"* * * * *", "../etc/passwd"},
		"an offset for zone": {"* * * * *", "+02:00"},
	} {
		if _, err := cron.Parse(test[0], test[1]); err == nil {
			t.Errorf("%s: %q in %q is taken", name, test[0], test[1])
		}
	}
	for _, never := range []string{"0 0 30 2 *", "0 0 31 4,6,9,11 *"} {
		if _, err := cron.Parse(never, ""); !errors.Is(err, cron.ErrNever) {
			t.Errorf("%q: error %v, want ErrNever", never, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"* * * * *", "0 8 * * MON-FRI", "*/5 22-2 1,15 JAN-MAR 7", "@daily", "? ? ? ? ?", "H H * * *", "1-0/1 * * * *"} {
		f.Add(seed, int64(0))
	}
	f.Fuzz(func(t *testing.T, expression string, from int64) {
		s, err := cron.Parse(expression, "Europe/Berlin")
		if err != nil {
			return
		}
		at := time.Unix(from%4e9, 0)
		if next := s.After(at); !next.IsZero() && !next.After(at) {
			t.Errorf("%q after %v: %v", expression, at, next)
		}
	})
}
