//go:build unix

package ws

import "golang.org/x/sys/unix"

// readable reports whether a read from the socket would not wait: something is there, or its end, or an error.
func readable(fd uintptr) bool {
	fds := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds[:], 0)
	return n != 0 || err != nil
}
