package handler

import (
	"errors"
	"fmt"
	"net"
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

// away is for an error of a request to a service. Where nobody listens, as while the service is being replaced by its next
// version, nothing was asked of it: that is no failure (G4), and the task waits as it does for one that is busy. A service
// that breaks an answer off, or has no address, has failed. The task's log says what it waits for.
func away(run lastcall.Run, err error) error {
	op, dialed := errors.AsType[*net.OpError](err)
	if !dialed || op.Op != "dial" || !errors.Is(err, syscall.ECONNREFUSED) {
		return err
	}
	_, _ = fmt.Fprintf(run.Log(), "lastcall: %v\n", err)
	return lastcall.GiveBack(err, 0)
}
