package witness

import "strings"

// Step is a kind of thing that a node does to its files, by which moments for power cuts are chosen: there are so many
// more of the one than of the other that moments chosen blindly would hardly ever meet a checkpoint.
type Step string

// The steps.
const (
	Log        Step = "a page goes into the log"
	Begin      Step = "the log is begun, or begun anew"
	Sync       Step = "the log is synced"
	Checkpoint Step = "the log is moved into the file"
	Name       Step = "a file is made, removed or cut"
)

// Steps are the lines, in order, at which each step has just been taken or has just not been.
func Steps(calls []Call, db string) map[Step][]int {
	at := map[Step][]int{}
	for i := range calls {
		c := &calls[i]
		if s := stepOf(c, db); s != "" && c.OK() {
			at[s] = append(at[s], c.Ended, c.Ended+1)
		}
	}
	return at
}

func stepOf(c *Call, db string) Step {
	if !strings.HasPrefix(c.Path, db) {
		return ""
	}
	log := c.Path == db+"-wal"
	switch c.Name {
	case "ftruncate", "unlink", "unlinkat":
		return Name
	case "open", "openat":
		if strings.Contains(strings.Join(c.Args, " "), "O_CREAT") {
			return Name
		}
	case "fsync", "fdatasync":
		if log {
			return Sync
		}
		return Checkpoint
	case "pwrite64":
		switch {
		case c.Path == db:
			return Checkpoint
		case log && c.Args[len(c.Args)-1] == "0":
			return Begin
		case log:
			return Log
		}
	}
	return ""
}
