package pg

import (
	"bytes"
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// attributes has a process end when we do, however that happens, and run as that user.
func (u *servant) attributes() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if u != nil {
		a.Credential = &syscall.Credential{Uid: uint32(u.uid), Gid: uint32(u.gid), NoSetGroups: true}
	}
	return a
}

// servant is a user that may run servers.
type servant struct{ uid, gid int }

// findServant is nobody in particular where we are not root.
func findServant() (*servant, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // we are the servant
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.Atoi(u.Uid)
		gid, err2 := strconv.Atoi(u.Gid)
		return &servant{uid, gid}, errors.Join(err1, err2)
	}
	return nil, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody")
}

// give makes a folder the servant's.
func (u *servant) give(dir string) error {
	if u == nil {
		return nil
	}
	return os.Chown(dir, u.uid, u.gid)
}

// signalTree sends a signal to a process and then to its children: each of PostgreSQL's has a session of its own.
func signalTree(pid int, sig syscall.Signal) error {
	err := syscall.Kill(pid, sig)
	for _, child := range children(pid) {
		if failed := syscall.Kill(child, sig); failed != nil && !errors.Is(failed, syscall.ESRCH) {
			err = errors.Join(err, failed)
		}
	}
	return err
}

// children are the processes whose parent a process is.
func children(of int) (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well-formed
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue // it has just ended
		}
		// PID (NAME) STATE PARENT …, where the name may hold anything.
		_, rest, _ := strings.Cut(string(text[bytes.LastIndexByte(text, ')')+1:]), " ")
		fields := strings.Fields(rest)
		if len(fields) < 2 || fields[1] != strconv.Itoa(of) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(stat))); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// freeze stops a process and its children where they are; thaw has them go on.
func freeze(pid int) error { return signalTree(pid, syscall.SIGSTOP) }
func thaw(pid int) error   { return signalTree(pid, syscall.SIGCONT) }
