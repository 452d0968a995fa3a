package config

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// fileSuffix ends the name of a setting that names the file in which another one stands.
const fileSuffix = "_file"

// readFiles reads the settings that have a file of their own.
func (l *loader) readFiles() {
	l.readFile("store", l.StoreFile)
	l.readFile("signing_secret", l.SigningSecretFile)
}

// readFile reads one from its file. A path that stands in the configuration begins in its folder.
func (l *loader) readFile(setting, path string) {
	named := setting + fileSuffix
	at, given := l.from[named]
	if !given {
		return
	}
	if _, both := l.from[setting]; both {
		l.wrong.addf(at, "%s cannot be given beside %s", named, setting)
		return
	}
	if at.line > 0 && !filepath.IsAbs(path) {
		path = filepath.Join(l.folder, path)
	}
	content, err := head(path)
	if err != nil {
		l.wrong.addf(at, "%s: %v", named, err)
		return
	}
	i := slices.IndexFunc(settings, func(f field[Config]) bool { return f.path == setting })
	if err := settings[i].set(&l.Config, content); err != nil {
		l.wrong.addf(at, "the content of %s %v", named, err)
		return
	}
	l.from[setting], l.written[setting] = place{source: named}, content
}

// ReadStore reads the address of a store from a file, as the setting store_file has it. Its error names the file, and
// says nothing of what stands in it.
func ReadStore(path string) (string, error) {
	content, err := head(path)
	if err != nil {
		return "", err
	}
	var store string
	if err := storeAddress(func(s *string) *string { return s }).set(&store, content); err != nil {
		return "", fmt.Errorf("the content of %s %w", path, err)
	}
	return store, nil
}

// head is what a file begins with, less the space around it.
func head(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, 4096))
	return strings.TrimSpace(string(content)), err
}
