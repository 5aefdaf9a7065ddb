package cron

import (
	"errors"
	"fmt"
	"strings"
	"time"
	_ "time/tzdata" // schedules name zones; a container may have none

	crontab "github.com/netresearch/go-cron"
)

// ErrNever says that a schedule has no time to come, such as February 30.
var ErrNever = errors.New("the schedule names a time that never comes")

// Schedule is a cron expression in a time zone. Make one with [Parse].
type Schedule struct {
	table crontab.Schedule
	zone  *time.Location
	// everyHour says that the hours are not named one by one, so that an hour that the clock repeats counts twice.
	everyHour bool
}

// Parse reads a cron expression of five fields (minute, hour, day of month, month, day of week) and the IANA name of a time zone; ""
// is UTC. When day of month and day of week are both restricted, one of them is enough, as everywhere.
func Parse(expression, zone string) (Schedule, error) {
	fields := strings.Fields(expression)
	if len(fields) != 5 || strings.Contains(expression, "=") {
		return Schedule{}, fmt.Errorf("schedule: %q: want five fields: minute, hour, day of month, month, day of week", expression)
	}
	table, err := crontab.MustNewParser(crontab.Minute | crontab.Hour | crontab.Dom | crontab.Month | crontab.Dow | crontab.DowOrDom).
		Parse(strings.Join(fields, " "))
	if err != nil {
		return Schedule{}, fmt.Errorf("schedule: %q: %w", expression, err)
	}
	location, err := time.LoadLocation(zone)
	if err != nil || zone == "Local" {
		return Schedule{}, fmt.Errorf("timezone: %q is no IANA time zone", zone)
	}
	s := Schedule{table: table, zone: location, everyHour: strings.HasPrefix(fields[1], "*")}
	if s.After(time.Unix(0, 0)).IsZero() {
		return Schedule{}, fmt.Errorf("schedule: %q: %w", expression, ErrNever)
	}
	return s, nil
}

// After returns the first time of the schedule after t, in UTC, or the zero time when there is none within years.
//
// The clock of the zone decides, and the days on which it is set are minded. A time that it skips fires once, at the instant of the
// change, together with all others that were skipped. A time that it shows twice fires once, the first time; only where every hour
// counts ("*/15 * * * *") does the repeated hour count as well.
func (s Schedule) After(t time.Time) time.Time {
	// Between two changes the clock on the wall is the instant plus an offset. There the table is asked, in a day without changes.
	from := t.In(s.zone)
	wall := clock(from)
	if start, _ := from.ZoneBounds(); !start.IsZero() && !s.everyHour {
		if shown := clock(start.Add(-1).In(s.zone)); shown.After(wall) {
			wall = shown // the first time round, the clock has been here
		}
	}
	for {
		_, change := from.ZoneBounds()
		next := s.table.Next(wall)
		if next.IsZero() {
			return time.Time{}
		}
		_, offset := from.Zone()
		at := next.Add(-time.Duration(offset) * time.Second)
		if change.IsZero() || at.Before(change) {
			return at
		}
		before, after := clock(change.Add(-1).In(s.zone)), clock(change.In(s.zone)).Add(-1)
		switch {
		case after.After(before) && !next.After(after):
			return change.UTC()
		case s.everyHour || after.After(before):
			wall = after
		default:
			wall = before
		}
		from = change.In(s.zone)
	}
}

// clock returns what the clock of t's zone shows, as a time of UTC.
func clock(t time.Time) time.Time {
	_, offset := t.Zone()
	return t.UTC().Add(time.Duration(offset) * time.Second)
}
