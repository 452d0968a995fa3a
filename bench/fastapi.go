package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// python is the distribution's, whose packages have FastAPI: one from elsewhere that stands first in PATH has not.
const python = "/usr/bin/python3"

// fastAPIVersion says what FastAPI runs on, or what to install.
func fastAPIVersion(ctx context.Context) (string, error) {
	const ask = "import sys, fastapi, uvicorn, uvloop, httptools\n" +
		"print('Python %d.%d, FastAPI %s, uvicorn %s with uvloop %s and httptools %s' % (sys.version_info[0], sys.version_info[1], " +
		"fastapi.__version__, uvicorn.__version__, uvloop.__version__, httptools.__version__))"
	out, err := child(ctx, python, "-c", ask).Output()
	if err != nil {
		return "", fmt.Errorf("FastAPI is not installed; `make setup` does: "+
			"apt-get install python3-fastapi python3-uvicorn python3-uvloop python3-httptools: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// loadFastAPI loads it as the article has it.
func loadFastAPI(ctx context.Context, r *rig, conns int) (loaded, error) {
	return r.loadUvicorn(ctx, conns, "app:app", 1)
}

// loadFastAPITuned loads what more can be had of it.
func loadFastAPITuned(ctx context.Context, r *rig, conns int) (loaded, error) {
	return r.loadUvicorn(ctx, conns, "app:quick", runtime.NumCPU())
}

// loadUvicorn serves an app by so many processes and loads it.
func (r *rig) loadUvicorn(ctx context.Context, conns int, app string, workers int) (loaded, error) {
	port, err := freePort(ctx)
	if err != nil {
		return loaded{}, err
	}
	cmd := child(ctx, python, "-m", "uvicorn", app, "--app-dir", "fastapi", "--host", "127.0.0.1", "--port", port,
		"--workers", strconv.Itoa(workers), "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--log-level", "error")
	if err := cmd.Start(); err != nil {
		return loaded{}, err
	}
	defer end(cmd)
	addr := "127.0.0.1:" + port
	if err := accepts(ctx, addr); err != nil {
		return loaded{}, err
	}
	return r.load(ctx, addr, conns)
}

// accepts waits until a submit is answered as it should be. The first worker that is there answers; the second had the same
// time to come up.
func accepts(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, 20*time.Second, errors.New("uvicorn did not serve within 20s"))
	defer cancel()
	for {
		once := lane{}
		once.drive(ctx, addr, time.Now().Add(time.Millisecond))
		if once.err == nil {
			return wait(ctx, 500*time.Millisecond)
		}
		if err := wait(ctx, 20*time.Millisecond); err != nil {
			return errors.Join(err, once.err)
		}
	}
}
