package deploy

import (
	"bytes"
	"net"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// livesInAnEmptyRoot runs the program as the image does, as far as that can be had without Docker: in a root that holds
// nothing but it and the folder for its data, which alone can be written, as the user of the image. It takes no more than
// the right to make a user namespace; where that is withheld it has an empty environment and a folder that is empty, and
// what is proven is that it needs nothing around it.
func livesInAnEmptyRoot(t *testing.T, program string) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	_ = free.Close()
	root := t.TempDir()
	const walls = `set -e
mount -t tmpfs none "$1"
cp "$2" "$1/lastcall"
mkdir "$1/data"
mount -t tmpfs none "$1/data"
mount -o remount,ro "$1"
exec env -i unshare --user --root="$1" --wd=/data --map-user=65532 --map-group=65532 /lastcall serve --listen "$3" --node image
`
	cmd := exec.CommandContext(t.Context(), "unshare", "-Urm", "sh", "-c", walls, "sh", root, program, addr)
	if exec.CommandContext(t.Context(), "unshare", "-Urm", "true").Run() != nil {
		t.Log("no user namespace can be made here: it runs in an empty folder instead")
		cmd = exec.CommandContext(t.Context(), program, "serve", "--listen", addr, "--node", "image")
		cmd.Dir, cmd.Env = filepath.Clean(root), []string{"NOTHING=1"}
	}
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	// What HEALTHCHECK asks.
	until(t, func() bool {
		return exec.CommandContext(t.Context(), program, "status", "--timeout", "3s", "--server", "http://"+addr).Run() == nil
	})
	submit := exec.CommandContext(t.Context(), program, "submit", "echo", "1", "--wait", "--server", "http://"+addr)
	if out, err := submit.CombinedOutput(); err != nil {
		t.Errorf("submit: %v\n%s", err, out)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v\n%s", err, log.String())
	}
}
