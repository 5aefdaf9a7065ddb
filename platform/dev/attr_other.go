//go:build !unix

package dev

import "syscall"

func attr() *syscall.SysProcAttr { return nil }
