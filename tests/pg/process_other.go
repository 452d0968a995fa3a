//go:build !linux

package pg

import (
	"errors"
	"syscall"
)

type servant struct{}

func findServant() (*servant, error) { return nil, nil } //nolint:nilnil // we are the servant

func (*servant) attributes() *syscall.SysProcAttr { return nil }

func (*servant) give(string) error { return nil }

var errLinux = errors.New("a server can only be frozen on Linux")

func freeze(int) error { return errLinux }
func thaw(int) error   { return errLinux }
