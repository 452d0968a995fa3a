package pg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
)

// minVersion is the first version that lastcall serves.
const minVersion = 14

// Debian keeps the servers of all versions apart from each other, out of PATH.
var debianFolder = "/usr/lib/postgresql/*/bin"

var versionOf = regexp.MustCompile(`\) (\d+)`)

// binaries is the folder of the newest server that is installed.
func binaries() (dir string, err error) {
	folders, err := filepath.Glob(debianFolder)
	if err != nil {
		return "", err
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		folders = append(folders, filepath.Dir(path))
	}
	newest := minVersion - 1
	for _, folder := range folders {
		if v := version(filepath.Join(folder, "postgres")); v > newest {
			dir, newest = folder, v
		}
	}
	if dir == "" {
		return "", fmt.Errorf("no PostgreSQL of version %d or later is installed; scripts/setup-tests installs it", minVersion)
	}
	return dir, nil
}

// version is the major version of a server's binary, 0 where there is none.
func version(postgres string) int {
	if _, err := os.Stat(postgres); err != nil {
		return 0
	}
	out, err := exec.CommandContext(context.Background(), postgres, "--version").Output()
	if err != nil {
		return 0
	}
	m := versionOf.FindSubmatch(out)
	if m == nil {
		return 0
	}
	v, _ := strconv.Atoi(string(m[1])) // digits alone
	return v
}

// pooler is PgBouncer's path: Debian puts it where only root looks.
func pooler() (string, error) {
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer", "/usr/local/sbin/pgbouncer"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("pgbouncer is not installed; scripts/setup-tests installs it")
}
