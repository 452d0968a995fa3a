package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// dataDir has a file for each part, which is all that the page is made from.
const dataDir = "data"

// record is what a part found, round by round, and in which run.
type record[T any] struct {
	Run   machine `json:"run"`
	Found T       `json:"found"`
}

// machine says of which run a record is.
type machine struct {
	Date     string `json:"date"`
	CPUs     int    `json:"cpus"`
	Load     string `json:"load,omitempty"` // of the machine over five minutes, the run included, where that is known
	Go       string `json:"go"`
	Postgres string `json:"postgres,omitempty"` // its version, where the part needs it
	Rounds   int    `json:"rounds"`
}

func (r *rig) machine() machine {
	m := machine{
		Date: time.Now().UTC().Format(time.DateOnly), CPUs: runtime.NumCPU(), Load: busy(), Go: runtime.Version(), Rounds: r.rounds,
	}
	if r.cluster != nil {
		m.Postgres = r.version
	}
	return m
}

// busy is how much the machine had to do: times are worth little where it is several times the number of CPUs.
func busy() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(text), " ")
	five, _, _ := strings.Cut(rest, " ")
	return five
}

func (m machine) String() string {
	words := []string{m.Date, fmt.Sprintf("%d CPUs", m.CPUs), m.Go}
	if m.Load != "" {
		words[1] += " with a load of " + m.Load
	}
	if m.Postgres != "" {
		words = append(words, m.Postgres)
	}
	rounds := "rounds"
	if m.Rounds == 1 {
		rounds = "round"
	}
	return strings.Join(append(words, fmt.Sprintf("%d %s", m.Rounds, rounds)), ", ")
}

// part is one thing that is measured: a file of data and a section of the page.
type part struct {
	name     string
	postgres bool // it needs a server
	// measure runs it and returns its record as it stands in its file.
	measure func(context.Context, *rig) ([]byte, error)
	// show makes its section of its file.
	show func(file []byte) (section, error)
}

// newPart ties what is measured to how it is shown, by what was found, which goes from the one to the other as JSON only.
func newPart[T any](
	name string, postgres bool, measure func(*rig, context.Context) (T, error), show func(machine, T) section,
) part {
	return part{
		name: name, postgres: postgres,
		measure: func(ctx context.Context, r *rig) ([]byte, error) {
			found, err := measure(r, ctx)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			m := r.machine()
			if !postgres {
				m.Postgres = ""
			}
			return compact(record[T]{m, found})
		},
		show: func(file []byte) (section, error) {
			var r record[T]
			words := json.NewDecoder(bytes.NewReader(file))
			words.DisallowUnknownFields()
			if err := words.Decode(&r); err != nil {
				return section{}, fmt.Errorf("%s: %w", name, err)
			}
			return show(r.Run, r.Found), nil
		},
	}
}

// compact is JSON with a round a line, as far as that can be had: it is read in reviews.
func compact(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	text = bytes.ReplaceAll(text, []byte("},{"), []byte("},\n{"))
	text = bytes.ReplaceAll(text, []byte(":["), []byte(":[\n"))
	return append(text, '\n'), nil
}

func (p part) file(dir string) string { return filepath.Join(dir, p.name+".json") }

// section is the part's, made of its file; false when it was never measured.
func (p part) section(dir string) (section, bool, error) {
	text, err := os.ReadFile(p.file(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return section{}, false, nil
	}
	if err != nil {
		return section{}, false, err
	}
	s, err := p.show(text)
	return s, true, err
}
