package sqlite

import (
	"fmt"
	"syscall"
)

// The magic numbers of file systems that live on another machine, from linux/magic.h and statfs(2). FUSE and 9P are not
// among them: desktops and sandboxes mount local disks through them.
var networkFileSystems = map[uint32]string{
	0x6969:     "NFS",
	0x517b:     "SMB",
	0xff534d42: "CIFS",
	0xfe534d42: "SMB2",
	0x564c:     "NCP",
	0x5346414f: "AFS",
	0x73757245: "Coda",
	0x00c36400: "Ceph",
	0x0bd00bd0: "Lustre",
	0x47504653: "GPFS",
}

// networkFileSystem names the network file system that dir lies on, "" if it lies on this machine.
func networkFileSystem(dir string) (string, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return "", fmt.Errorf("statfs %s: %w", dir, err)
	}
	return networkFileSystems[uint32(st.Type)], nil
}
