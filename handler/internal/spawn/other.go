//go:build !unix

package spawn

import (
	"errors"
	"os"
	"syscall"
)

var errUnsupported = errors.New("commands can be run on Linux and other unixes only")

// NotifySignal is the signal of Notify. There is none here.
const NotifySignal = syscall.Signal(-1)

// Tree is a command that was started. There is none here.
type Tree struct{ Stdin, Stdout, Stderr, Messages *os.File }

// Supported says why commands cannot be run here.
func Supported() error { return errUnsupported }

// Start fails.
func Start(Command) (*Tree, error) { return nil, errUnsupported }

// Tell does nothing.
func (t *Tree) Tell(Word) {}

// Wait fails.
func (t *Tree) Wait() (End, error) { return End{}, errUnsupported }

// Close does nothing.
func (t *Tree) Close() {}
