// Package spawn runs a command in such a way that nothing of it outlives the run, nor the process that asked for it: not
// its children, nor theirs, nor those that have left for a session of their own; and not even if that process is killed.
//
// A process that is killed can clean up nothing, and the parent-death signal of Linux reaches children only, not theirs.
// So between the node and the command stands a supervisor, one small process for each run:
//
//	node ──control pipe──► supervisor ──fork──► command ──► whatever it starts
//	     ◄─report pipe────              ◄── adopts every orphan among them (PR_SET_CHILD_SUBREAPER)
//
// The supervisor passes the node's pipes on to the command and keeps none of them. It holds the reading end of the
// control pipe: a byte is a wish of the node, and its end means that the node is gone, however that came about. When the
// command has ended, or is to be killed, the supervisor kills what it is the parent of until it is the parent of nobody:
// as it adopts orphans, nothing that the command has started is anywhere else by then. Last it reports how the command
// ended. It stands in a session of its own, where no Ctrl-C reaches it, and is deaf to the signals that ask a process to
// stop: it ends when its work is done. Should it be killed itself, the command dies of its parent-death signal, and the
// node kills the process group.
//
// # A program that starts itself
//
// The supervisor is the node's own program, started again from /proc/self/exe, which is the file that runs even after
// another version has taken its place on the disk. It is told apart by its argv[0], in an init function: only there can
// a library take over before main does, so it works in every Go program that embeds the library, without a word in its
// main. The price is that initialisation which Go orders before this package runs in the supervisor too, which is why
// it imports next to nothing.
//
// # Limits
//
// What cannot be killed is not killed: a process that has become root's by a set-user-id file, and one that hangs in the
// kernel, for which the supervisor waits. A process that forks without end may outrun it for a while. A control group
// would do better; making one needs rights that a service seldom has, so it is left to whoever starts the node: under
// systemd and in a container everything here is within the group of the service.
//
// On unixes other than Linux there is no adopting: what leaves the command's process group escapes. Elsewhere Supported
// says why nothing can be run.
package spawn
