package witness

import (
	"math"
	"strings"
)

// Call is one system call.
type Call struct {
	Thread string
	Name   string
	Args   []string // as strace shows them, each text in them replaced by ""
	Path   string   // what its first descriptor stands for, or the one that it returned: a path, or socket:[INODE]
	Data   []byte   // the texts in its arguments; of a transfer, as much as the kernel says went over
	Result int64

	Began, Ended int // lines of the trace; Never for the end of a call that was not seen to return
}

// Never is a line behind all others.
const Never = math.MaxInt

// OK reports whether the call came back and had done what it was asked.
func (c *Call) OK() bool { return c.Ended != Never && c.Result >= 0 }

// watched are the calls that move data, and those that could move it past this package, which must not happen. Not every
// machine has all of them: strace passes over what stands behind a question mark and is not there.
var watched = []string{
	"read", "recvfrom", "write", "writev", "sendto",
	"?open", "openat", "pwrite64", "pwritev", "fsync", "fdatasync", "ftruncate", "?unlink", "unlinkat",
	"mmap", "truncate", "fallocate", "sync_file_range", "?rename", "?renameat", "renameat2", "?link", "linkat",
	"pwritev2", "copy_file_range",
}

// Args are strace's arguments for a trace that this package can read, written to the file out. The program follows.
// The tracer is nobody's parent (-D): who starts strace so has started the program itself, and may send it signals.
func Args(out string, more ...string) []string {
	args := []string{
		"-D", "-f", "--seccomp-bpf", "-y", "-a1", "-s", "16777216", "-o", out,
		"-e", "trace=" + strings.Join(watched, ","),
	}
	return append(args, more...)
}
