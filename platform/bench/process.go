package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of processor time in /proc: USER_HZ, which Linux fixes at 100 a second for programs.
const tick = 10 * time.Millisecond

// usage is what a process has used since it began.
type usage struct {
	cpu  time.Duration // user and system time of all its threads
	peak int64         // bytes of memory that were resident at the most
}

// machine is the processor time that everything on the machine has used since it started.
func machine() (time.Duration, error) {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0, err
	}
	busy, err := parseMachine(stat)
	if err != nil {
		return 0, fmt.Errorf("/proc/stat: %w", err)
	}
	return busy, nil
}

// usageOf reads the usage of a process from /proc, which only Linux has.
func usageOf(pid int) (usage, error) {
	var u usage
	dir := "/proc/" + strconv.Itoa(pid)
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return u, err
	}
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		return u, err
	}
	if u.cpu, err = parseStat(stat); err != nil {
		return u, fmt.Errorf("%s/stat: %w", dir, err)
	}
	if u.peak, err = parseStatus(status); err != nil {
		return u, fmt.Errorf("%s/status: %w", dir, err)
	}
	return u, nil
}

// parseStat returns utime + stime, the 14th and 15th field. The second one, the program's name in parentheses, may itself hold
// spaces and parentheses.
func parseStat(stat []byte) (time.Duration, error) {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return 0, errors.New("no program name")
	}
	fields := strings.Fields(string(stat[end+1:])) // starts with the third field
	const utime, stime = 14 - 3, 15 - 3
	if len(fields) <= stime {
		return 0, fmt.Errorf("%d fields after the program name", len(fields))
	}
	var ticks int64
	for _, i := range []int{utime, stime} {
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * tick, nil
}

// parseStatus returns VmHWM, which the kernel gives in units of 1024 bytes.
func parseStatus(status []byte) (int64, error) {
	for line := range bytes.Lines(status) {
		value, ok := bytes.CutPrefix(line, []byte("VmHWM:"))
		if !ok {
			continue
		}
		number, ok := strings.CutSuffix(strings.TrimSpace(string(value)), " kB")
		if !ok {
			return 0, fmt.Errorf("VmHWM is %q, not in kB", bytes.TrimSpace(value))
		}
		kib, err := strconv.ParseInt(number, 10, 64)
		return kib << 10, err
	}
	return 0, errors.New("no VmHWM")
}

// parseMachine adds up the first line of /proc/stat, but for the time without work: idle and iowait. What guests use is in user.
func parseMachine(stat []byte) (time.Duration, error) {
	line, _, _ := bytes.Cut(stat, []byte("\n"))
	fields := strings.Fields(string(line))
	const idle, iowait, steal = 4, 5, 8
	if len(fields) <= steal || fields[0] != "cpu" {
		return 0, fmt.Errorf("the first line is %q", line)
	}
	var busy int64
	for i, field := range fields[:steal+1] {
		if i == 0 || i == idle || i == iowait {
			continue
		}
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		busy += n
	}
	return time.Duration(busy) * tick, nil
}
