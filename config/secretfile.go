package config

import (
	"io"
	"os"
	"path/filepath"
	"strings"
)

// readSecret reads the signing secret from its file. A path that stands in the configuration begins in its folder.
func (l *loader) readSecret() {
	at, given := l.from["signing_secret_file"]
	if !given {
		return
	}
	if _, both := l.from["signing_secret"]; both {
		l.wrong.addf(at, "signing_secret_file cannot be given beside signing_secret")
		return
	}
	path := l.SigningSecretFile
	if at.line > 0 && !filepath.IsAbs(path) {
		path = filepath.Join(l.folder, path)
	}
	content, err := head(path, 4096)
	if err != nil {
		l.wrong.addf(at, "signing_secret_file: %v", err)
		return
	}
	if err := secret(func(s *string) *string { return s }).set(&l.SigningSecret, strings.TrimSpace(content)); err != nil {
		l.wrong.addf(at, "the content of signing_secret_file %v", err)
	}
}

// head is what a file begins with.
func head(path string, most int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, most))
	return string(content), err
}
