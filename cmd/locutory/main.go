// Command locutory makes, develops and builds agent servers.
package main

import "github.com/locutory/locutory/platform/cli"

func main() { cli.Main() }
