// Package dev turns a directory with a platform.json into a running server, and keeps it running while its author types.
//
// A server is one Go binary: this module's platform package plus the graphs and hooks that platform.json names. So there is
// a program to be written, its symbols to be checked in the words of platform.json before the compiler sees them ([Builder.Check]),
// and a build ([Builder.Build]). [Run] adds the watch and the swap: the socket belongs to the development server
// and every child inherits it, so a new build takes over without a refused connection, and a failed build changes nothing:
//
//	err := dev.Run(ctx, dev.Config{File: "platform.json", Host: "127.0.0.1", Port: 2024, Reload: true})
//
// The package never loads the user's code into its own process, never reads the env file (the child does, as it does in
// production), and leaves nothing outside of .locutory beside platform.json.
package dev
