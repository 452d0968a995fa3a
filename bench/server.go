package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// openCluster takes the server at url, or, without one, starts one that ends with stop.
func openCluster(ctx context.Context, url string) (c *cluster, stop func(), err error) {
	stop = func() {}
	pid := 0
	if url == "" {
		if url, pid, stop, err = startServer(ctx); err != nil {
			return nil, nil, fmt.Errorf("start PostgreSQL: %w", err)
		}
	}
	conn, err := connect(ctx, url)
	if err != nil {
		stop()
		return nil, nil, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	c = &cluster{url: url, pid: pid}
	if err := conn.QueryRow(ctx, "SELECT 'PostgreSQL ' || current_setting('server_version')").Scan(&c.version); err != nil {
		stop()
		return nil, nil, err
	}
	return c, stop, nil
}

// startServer makes a cluster in a temporary folder and runs a server on it, on loopback. PostgreSQL refuses to run as
// root, so for root it runs as the user postgres, or nobody.
func startServer(ctx context.Context) (url string, pid int, stop func(), err error) {
	bin, err := binaries()
	if err != nil {
		return "", 0, nil, err
	}
	dir, err := os.MkdirTemp("", "lastcall-bench-pg-")
	if err != nil {
		return "", 0, nil, err
	}
	clean := func() { _ = os.RemoveAll(dir) } // temporary files that stay harm nobody
	attr, err := lowly(dir)
	if err != nil {
		clean()
		return "", 0, nil, err
	}
	data := filepath.Join(dir, "data")
	initdb := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale")
	initdb.SysProcAttr, initdb.Dir = attr, dir
	if out, err := initdb.CombinedOutput(); err != nil {
		clean()
		return "", 0, nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	port, err := freePort(ctx)
	if err != nil {
		clean()
		return "", 0, nil, err
	}
	args := []string{"-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	cmd := exec.Command(filepath.Join(bin, "postgres"), args...) //nolint:noctx // stop ends it, in its own way
	cmd.SysProcAttr, cmd.Dir = &syscall.SysProcAttr{Credential: attr.Credential, Setpgid: true}, dir
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		clean()
		return "", 0, nil, err
	}
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGINT) // ends its sessions and writes what there is to write
		_ = cmd.Wait()
		clean()
	}
	url = "postgres://postgres@127.0.0.1:" + port + "/postgres?sslmode=disable"
	conn, err := connect(ctx, url)
	if err != nil {
		stop()
		return "", 0, nil, fmt.Errorf("%w\n%s", err, log.String())
	}
	return url, cmd.Process.Pid, stop, conn.Close(ctx)
}

// binaries is the folder of the newest server that is installed. Debian keeps them all apart, out of PATH.
func binaries() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path), nil
		}
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(found) == 0 {
		return "", errors.New("no PostgreSQL is installed; scripts/setup-tests installs it, -postgres URL takes one that runs")
	}
	return filepath.Dir(slices.Max(found)), nil
}

// lowly is how to run as a user who is not root, to whom the folder is given.
func lowly(dir string) (*syscall.SysProcAttr, error) {
	if os.Getuid() != 0 {
		return &syscall.SysProcAttr{}, nil
	}
	who, err := user.Lookup("postgres")
	if err != nil {
		if who, err = user.Lookup("nobody"); err != nil {
			return nil, err
		}
	}
	uid, err := strconv.ParseUint(who.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(who.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		return nil, err
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
}

func freePort(ctx context.Context) (string, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	_, port, err := net.SplitHostPort(ln.Addr().String())
	return port, err
}

// connect waits for up to half a minute until a server lets it in.
func connect(ctx context.Context, url string) (conn *pgx.Conn, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		if conn, err = pgx.Connect(ctx, url); err == nil {
			return conn, nil
		}
		if wait(ctx, 50*time.Millisecond) != nil {
			return nil, err
		}
	}
}
