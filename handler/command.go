package handler

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/lastcall-dev/lastcall"
)

// find is the absolute path of a command that runs in dir. What it says when there is none is for whoever wrote the
// configuration.
func find(command []string, dir string) (string, error) {
	if len(command) == 0 || command[0] == "" {
		return "", errors.New("the command is empty")
	}
	for _, arg := range append(slices.Clone(command), dir) {
		if strings.ContainsRune(arg, 0) {
			return "", fmt.Errorf("%q holds a zero byte, which no command can be given", arg)
		}
	}
	if err := checkDir(dir); err != nil {
		return "", fmt.Errorf("the directory of the command: %w", err)
	}
	name := command[0]
	if strings.ContainsRune(name, '/') && !filepath.IsAbs(name) {
		var err error
		if name, err = filepath.Abs(filepath.Join(dir, name)); err != nil {
			return "", err
		}
	}
	found, err := exec.LookPath(name)
	if err != nil {
		return "", notThere(command[0], name, err)
	}
	return filepath.Abs(found) // a folder in PATH may be a relative one
}

func checkDir(dir string) error {
	if dir == "" {
		return nil
	}
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		return fmt.Errorf("%s is a file", dir)
	}
	return err
}

// notThere says in a sentence why a command cannot be run: as it was written, and where it was looked for.
func notThere(written, name string, err error) error {
	if looked, ok := errors.AsType[*exec.Error](err); ok {
		err = looked.Err
	}
	if file, ok := errors.AsType[*fs.PathError](err); ok {
		err = file.Err
	}
	if name != written {
		written += ", which is " + name + ","
	}
	return fmt.Errorf("the command %s cannot be run: %w", written, err)
}

func checkEnv(env []string) error {
	for _, kv := range env {
		name, _, is := strings.Cut(kv, "=")
		if !is || name == "" || strings.ContainsRune(kv, 0) {
			return fmt.Errorf("%q is no NAME=value for the environment", kv)
		}
	}
	return nil
}

// environment is all that a command finds in its environment. What begins with LASTCALL_ there are the node's settings,
// which a command that starts a client of lastcall must not take for its own. It keeps no secret: a command runs as the
// node's user, who may read the environment of the node itself.
func (h *execHandler) environment(run lastcall.Run, checkpoint string, late bool) []string {
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "LASTCALL_") })
	t := run.Task()
	env = append(env, h.Env...)
	env = append(env, "LASTCALL_TASK_ID="+t.ID,
		"LASTCALL_RUN="+strconv.FormatInt(t.Run, 10),
		"LASTCALL_ATTEMPT="+strconv.Itoa(run.Attempt()),
		"LASTCALL_FENCE="+strconv.FormatInt(run.Fence(), 10))
	if checkpoint != "" {
		env = append(env, "LASTCALL_CHECKPOINT_FILE="+checkpoint)
	}
	if late {
		env = append(env, "LASTCALL_DRAINING=true")
	}
	return env
}
