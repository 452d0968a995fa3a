package lab

import (
	"errors"
	"os"
	"syscall"
	"testing"
)

// FillPipe fills a pipe to the last byte, so that whoever writes to it next waits.
func FillPipe(t testing.TB, pipe *os.File) {
	t.Helper()
	fd := int(pipe.Fd())
	if err := syscall.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{4096, 1} {
		for full := false; !full; {
			_, err := syscall.Write(fd, make([]byte, size))
			full = errors.Is(err, syscall.EAGAIN)
			if err != nil && !full {
				t.Fatal(err)
			}
		}
	}
	if err := syscall.SetNonblock(fd, false); err != nil {
		t.Fatal(err)
	}
}
