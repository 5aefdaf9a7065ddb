package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"
)

// tell writes two tables of Markdown: what one run costs each engine, with the processor time of the peers as a multiple of ours,
// and what the savers hold. busy is the load when it began.
func tell(w io.Writer, engines []engine, rows []row, busy string) error {
	if len(rows) == 0 {
		return errors.New("no case has such a name")
	}
	costs := [][]string{heads(engines, rows[0].costs)}
	held := [][]string{{"what the saver holds after one run"}}
	for _, e := range engines {
		held[0] = append(held[0], e.name())
	}
	for _, r := range rows {
		costs = append(costs, r.cells())
		if !r.Saved {
			continue
		}
		line := []string{r.title()}
		for _, k := range r.kept {
			line = append(line, fmt.Sprintf("%d checkpoints, %d bytes", k.Checkpoints, k.Bytes))
		}
		held = append(held, line)
	}
	_, err := fmt.Fprintf(w, "%s, %d processors (%s), load %s at the start, %s. Microseconds of one run, medians.\n\n%s\n%s",
		time.Now().UTC().Format(time.DateOnly), runtime.NumCPU(), processor(), busy, versions(engines), markdown(costs), markdown(held))
	return err
}

func heads(engines []engine, costs []cost) []string {
	line := []string{"case"}
	for i, e := range engines {
		line = append(line, e.name()+": wall", "cpu")
		if costs[i].allocs > 0 {
			line = append(line, "allocs", "KB")
		}
		if i > 0 {
			line = append(line, "cpu, ours = 1")
		}
	}
	return line
}

func (r row) cells() []string {
	line := []string{r.title()}
	for i, c := range r.costs {
		line = append(line, micro(c.wall), micro(c.cpu))
		if c.allocs > 0 {
			line = append(line, fmt.Sprintf("%.0f", c.allocs), fmt.Sprintf("%.1f", c.bytes/1024))
		}
		if i > 0 {
			line = append(line, fmt.Sprintf("%.1f", c.cpu/r.costs[0].cpu))
		}
	}
	return line
}

// markdown makes a table of which the first line is the heads.
func markdown(lines [][]string) string {
	var b strings.Builder
	for i, line := range lines {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(line, " | "))
		if i == 0 {
			b.WriteString("|---|" + strings.Repeat("--:|", len(line)-1) + "\n")
		}
	}
	return b.String()
}

func micro(v float64) string {
	if v < 100 {
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

// versions names what was measured.
func versions(engines []engine) string {
	list := runtime.Version()
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, dep := range info.Deps {
			if dep.Path == "github.com/cloudwego/eino" {
				list += ", eino " + dep.Version
			}
		}
	}
	for _, e := range engines {
		if js, ok := e.(*langGraph); ok {
			list += ", @langchain/langgraph " + js.version
		}
	}
	return list
}

// processor is its name, where Linux tells it.
func processor() string {
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return runtime.GOARCH
	}
	for line := range strings.Lines(string(info)) {
		if name, ok := strings.CutPrefix(line, "model name"); ok {
			return strings.TrimSpace(strings.TrimLeft(name, " \t:"))
		}
	}
	return runtime.GOARCH
}

// load is the machine's load average of the last minute, where Linux tells it.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
