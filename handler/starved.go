package handler

import (
	"errors"
	"syscall"

	"github.com/lastcall-dev/lastcall"
)

// means are what a node may have none of for a while: descriptors, its own or the host's, processes, memory.
var means = []error{syscall.EMFILE, syscall.ENFILE, syscall.EAGAIN, syscall.ENOMEM}

// notBegun is for an error that came before a run had begun. Where the node lacks the means to begin one, that is no
// fault of the task's: it is handed back, here or to a node that has them, at no cost in attempts (G4).
func notBegun(err error) error {
	for _, m := range means {
		if errors.Is(err, m) {
			return lastcall.GiveBack(err, 0)
		}
	}
	return err
}
