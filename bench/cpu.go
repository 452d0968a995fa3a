package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// On a machine that others use too, rates say as much of the others as of what is measured. What a task costs the
// processors says less: with two of them for the workers and the server together, it is what bounds the rate.

// tick is the unit of /proc/PID/stat on Linux (USER_HZ).
const tick = 10 * time.Millisecond

// spent is the processor time that this process and the server with its sessions have used; false where it is not known:
// the server is not ours, or there is no /proc.
func (c *cluster) spent() (time.Duration, bool) {
	if c.pid == 0 {
		return 0, false
	}
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		return 0, false
	}
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(files) == 0 {
		return 0, false
	}
	total := time.Duration(own.Utime.Nano() + own.Stime.Nano())
	for _, f := range files {
		total += c.spentBy(f)
	}
	return total, true
}

// spentBy is what a process has used, if it is the server, whose sessions that have ended count as its own, or one of its
// sessions.
func (c *cluster) spentBy(file string) time.Duration {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0 // it has ended
	}
	_, rest, _ := strings.Cut(string(text), ") ") // behind the name: state, parent, …, utime, stime, cutime, cstime
	fields := strings.Fields(rest)
	if len(fields) < 15 {
		return 0
	}
	server, self := strconv.Itoa(c.pid), filepath.Base(filepath.Dir(file))
	var ticks int64
	for i := 11; i < 15; i++ {
		if self == server || i < 13 && fields[1] == server {
			n, _ := strconv.ParseInt(fields[i], 10, 64) // digits alone
			ticks += n
		}
	}
	return time.Duration(ticks) * tick
}
