package dev

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// owner names the process that listens on a port, such as "pid 4711, locutory dev in /home/you/other"; empty when it
// belongs to someone else. A socket may be shared: a development server is named before the servers that it started.
func owner(port int) string {
	sockets := listening(port)
	found := ""
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*") // the pattern is sound
	for _, link := range links {
		target, err := os.Readlink(link)
		if err != nil || !sockets[target] {
			continue
		}
		who := describe(filepath.Dir(filepath.Dir(link)))
		if found == "" || strings.Contains(who, ", locutory dev") {
			found = who
		}
	}
	return found
}

// listening are the sockets that listen on a port, as the links in /proc/*/fd have them.
func listening(port int) map[string]bool {
	const listen = "0A" // the state, in fields[3]
	sockets := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		data, err := os.ReadFile(table)
		if err != nil {
			continue
		}
		for lines := bufio.NewScanner(bytes.NewReader(data)); lines.Scan(); {
			fields := strings.Fields(lines.Text())
			if len(fields) > 9 && fields[3] == listen && strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", port)) {
				sockets["socket:["+fields[9]+"]"] = true
			}
		}
	}
	return sockets
}

// describe names the process with the directory /proc/pid. Its arguments are kept to the first, since they may hold secrets.
func describe(process string) string {
	who := "pid " + filepath.Base(process)
	command, err := os.ReadFile(filepath.Join(process, "cmdline"))
	if err != nil {
		return who
	}
	words := strings.Split(strings.TrimRight(string(command), "\x00"), "\x00")
	name := filepath.Base(words[0])
	if len(words) > 1 && name == "locutory" {
		name += " " + words[1]
	}
	who += ", " + name
	if dir, err := os.Readlink(filepath.Join(process, "cwd")); err == nil {
		who += " in " + dir
	}
	return who
}
