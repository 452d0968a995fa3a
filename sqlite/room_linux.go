package sqlite

import (
	"fmt"
	"syscall"
)

// freeSpace is how many bytes whoever is not root may still write below dir.
func freeSpace(dir string) (bytes int64, known bool, err error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return 0, false, fmt.Errorf("statfs %s: %w", dir, err)
	}
	return int64(st.Bavail) * int64(st.Bsize), true, nil //nolint:unconvert // they have 32 bits on some architectures
}
