package spawn

import (
	"errors"
	"syscall"
)

// Command is what to run.
type Command struct {
	Path   string   // of the file, absolute
	Args   []string // with the name of the command first, as it calls itself
	Dir    string   // where it runs; "" is where the node does
	Env    []string // all of it; of a name given twice the last counts
	Remove string   // a file to remove when all is over, also if the node is gone by then; "" for none
}

// Word is what a node can tell a supervisor.
type Word byte

// The words.
const (
	Notify    Word = 'u' // SIGUSR1 to the command alone
	Terminate Word = 't' // SIGTERM to its process group
	Kill      Word = 'k' // SIGKILL to everything
)

// End is how a command ended: with an exit code, or by a signal.
type End struct {
	Code   int
	Signal syscall.Signal // 0 if it exited
	// Interrupted: the supervisor was sent a SIGTERM before the end. The node never does that. Who does, as a service
	// manager that stops a whole control group, has sent it to the command too.
	Interrupted bool
}

// OK reports whether the command ended well.
func (e End) OK() bool { return e.Code == 0 && e.Signal == 0 }

// ErrLost is that of a command whose supervisor was killed: how it ended is not known.
var ErrLost = errors.New("the supervisor of the command was killed")
