package sqlite

import (
	"strings"
	"testing"
)

// A FUSE mount is refused by the name of who serves it, as local disks are served by FUSE too.
func TestNetworkMountsAreKnownByName(t *testing.T) {
	const mounts = `23 29 0:22 / /run rw,nosuid - tmpfs none rw
71 29 0:63 / /mnt/there rw,nosuid shared:37 - fuse.sshfs me@there:/srv rw,user_id=1000
72 29 0:64 / /mnt/usb rw - fuseblk /dev/sdb1 rw
73 29 259:300 / /mnt/with\040space rw - fuse.s3fs s3fs rw
damaged
`
	makedev := func(major, minor uint64) uint64 {
		return (major&0xfff)<<8 | (major&^0xfff)<<32 | minor&0xff | (minor&^0xff)<<12
	}
	for _, c := range []struct {
		dev  uint64
		want string
	}{
		{makedev(0, 63), "sshfs"},
		{makedev(0, 64), ""},
		{makedev(259, 300), "s3fs"},
		{makedev(0, 99), ""},
	} {
		if got, err := networkMount(strings.NewReader(mounts), c.dev); got != c.want || err != nil {
			t.Errorf("device %#x is %q, %v; want %q", c.dev, got, err, c.want)
		}
	}
	if got, err := networkFileSystem("/proc"); got != "" || err != nil {
		t.Errorf("/proc is %q, %v", got, err)
	}
	if _, err := networkFileSystem("/not/there"); err == nil {
		t.Error("what is not there has a file system")
	}
}
