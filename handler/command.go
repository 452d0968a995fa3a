package handler

import (
	"errors"
	"fmt"
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
	if dir != "" {
		if info, err := os.Stat(dir); err != nil {
			return "", fmt.Errorf("the directory of the command: %w", err)
		} else if !info.IsDir() {
			return "", fmt.Errorf("the directory of the command, %s, is a file", dir)
		}
	}
	name := command[0]
	if strings.ContainsRune(name, '/') && !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	name, err := filepath.Abs(name)
	if !strings.ContainsRune(command[0], '/') {
		name = command[0]
	} else if err != nil {
		return "", err
	}
	found, err := exec.LookPath(name)
	if err != nil {
		return "", notThere(command[0], err)
	}
	return filepath.Abs(found)
}

// notThere says in a sentence why a command cannot be run.
func notThere(name string, err error) error {
	var looked *exec.Error
	if !errors.As(err, &looked) {
		return fmt.Errorf("the command %q: %w", name, err)
	}
	if looked.Name != name {
		return fmt.Errorf("the command %q cannot be run: %s: %w", name, looked.Name, looked.Err)
	}
	return fmt.Errorf("the command %q cannot be run: %w", name, looked.Err)
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
// and may hold its secrets.
func (h *execHandler) environment(run lastcall.Run, checkpoint string) []string {
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
	return env
}
