//go:build unix

package server

import "syscall"

// descriptors is how many this process may have open, 0 if that is not known. The Go runtime has raised it to what is
// allowed at all.
func descriptors() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return uint64(limit.Cur) //nolint:unconvert // it has another type on some platforms
}
