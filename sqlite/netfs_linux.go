package sqlite

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
)

// The magic numbers of file systems that live on another machine, from linux/magic.h and statfs(2). 9P is not among
// them: sandboxes and virtual machines mount local disks through it.
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

// fuse is the magic number of whatever a program serves. Desktops mount local disks that way, so that the name decides.
const fuse = 0x65735546

var networkFUSE = []string{
	"sshfs", "s3fs", "rclone", "glusterfs", "ceph-fuse", "gcsfuse", "goofys", "geesefs", "mountpoint-s3", "blobfuse",
	"blobfuse2", "curlftpfs", "davfs2", "juicefs", "moosefs", "mfs", "lizardfs", "seaweedfs", "gvfsd-fuse",
}

// networkFileSystem names the network file system that dir lies on, "" if it lies on this machine.
func networkFileSystem(dir string) (string, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return "", fmt.Errorf("statfs %s: %w", dir, err)
	}
	magic := uint32(st.Type) // a number of 32 bits, which some architectures extend by its sign
	if magic != fuse {
		return networkFileSystems[magic], nil
	}
	var file syscall.Stat_t
	if err := syscall.Stat(dir, &file); err != nil {
		return "", fmt.Errorf("stat %s: %w", dir, err)
	}
	mounts, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return "", err
	}
	defer mounts.Close()
	return networkMount(mounts, uint64(file.Dev)) //nolint:unconvert // it has 32 bits on some architectures
}

// networkMount names the network file system that a device is, by the table of mounts (proc_pid_mountinfo(5)).
func networkMount(mounts io.Reader, dev uint64) (string, error) {
	major := (dev>>8)&0xfff | (dev>>32)&^uint64(0xfff) // as makedev(3) puts them together
	minor := dev&0xff | (dev>>12)&^uint64(0xff)
	number := fmt.Sprintf("%d:%d", major, uint32(minor))
	for lines := bufio.NewScanner(mounts); ; {
		if !lines.Scan() {
			return "", lines.Err()
		}
		mount, source, _ := strings.Cut(lines.Text(), " - ")
		if f := strings.Fields(mount); len(f) < 3 || f[2] != number {
			continue
		}
		kind, _, _ := strings.Cut(source, " ")
		if name := strings.TrimPrefix(kind, "fuse."); slices.Contains(networkFUSE, name) {
			return name, nil
		}
		return "", nil
	}
}
