package column

import (
	"io/fs"
	"strings"
)

// Statements reads the .sql files of a folder, which hold statements behind lines "-- name: NAME", and returns them by
// their names. The files are part of the program, so that a mistake in them ends it where it starts: it panics when a
// folder cannot be read, or two statements have one name.
func Statements(files fs.FS, folder string) map[string]string {
	all := map[string]string{}
	entries, err := fs.ReadDir(files, folder)
	if err != nil {
		panic(err)
	}
	for _, e := range entries {
		text, err := fs.ReadFile(files, folder+"/"+e.Name())
		if err != nil {
			panic(err)
		}
		for _, part := range strings.Split("\n"+string(text), "\n-- name: ")[1:] {
			name, sql, _ := strings.Cut(part, "\n")
			if _, twice := all[name]; twice {
				panic("two statements are named " + name)
			}
			all[name] = strings.TrimSpace(sql)
		}
	}
	return all
}
