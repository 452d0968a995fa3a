package config

import (
	"encoding/base64"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A field is one thing that can be set in a T.
type field[T any] struct {
	path  string // its name in the file, nested by dots
	usual string // its default, as it would be written; in brackets where it follows from elsewhere
	about string // a sentence for the help and the document
	kind[T]
}

// A kind is what a field takes. What set and node return as an error goes on where the field's name ends: `must be …`.
type kind[T any] struct {
	takes  string                        // what may be written, in a word or two
	secret bool                          // its value is never told
	told   func(text string) string      // what is told of its value, where that is not all of it
	set    func(t *T, text string) error // from a scalar, a flag or a variable
	node   func(t *T, n *node) error     // from anything else in the file, for fields that are no scalar
}

// text takes any line of text.
func text[T any](takes string, at func(*T) *string) kind[T] {
	return kind[T]{takes: takes, set: func(t *T, s string) error {
		switch {
		case s == "":
			return errors.New("must not be empty")
		case strings.ContainsAny(s, "\x00\r\n"):
			return errors.New("must be one line of text")
		}
		*at(t) = s
		return nil
	}}
}

// word takes one of a few words.
func word[T any, W ~string](at func(*T) *W, words ...W) kind[T] {
	names := make([]string, len(words))
	for i, w := range words {
		names[i] = string(w)
	}
	return kind[T]{takes: strings.Join(names, "|"), set: func(t *T, s string) error {
		if !slices.Contains(words, W(s)) {
			return fmt.Errorf("%q is not one of %s", s, strings.Join(names, ", "))
		}
		*at(t) = W(s)
		return nil
	}}
}

const trueOrFalse = "true|false"

// truth takes true or false.
func truth[T any](at func(*T) *bool) kind[T] {
	return kind[T]{takes: trueOrFalse, set: func(t *T, s string) error {
		if s != "true" && s != "false" {
			return fmt.Errorf("%q is not one of true, false", s)
		}
		*at(t) = s == "true"
		return nil
	}}
}

// count takes a whole number from 1 to most.
func count[T any](most int, at func(*T) *int) kind[T] {
	takes := fmt.Sprintf("1..%d", most)
	if most == math.MaxInt32 {
		takes = "number"
	}
	return kind[T]{takes: takes, set: func(t *T, s string) error {
		n, err := strconv.Atoi(s)
		switch {
		case err != nil:
			return fmt.Errorf("%q is not a whole number", s)
		case n < 1:
			return fmt.Errorf("must be more than zero, not %d", n)
		case n > most:
			return fmt.Errorf("must be from 1 to %d, not %d", most, n)
		}
		*at(t) = n
		return nil
	}}
}

// size takes a number of bytes, with or without a unit, of at least 1 and at most 1 GiB: what is held in memory.
func size[T any, N int | int64](at func(*T) *N) kind[T] {
	return kind[T]{takes: "size", set: func(t *T, s string) error {
		n, err := parseSize(s)
		if err != nil {
			return err
		}
		*at(t) = N(n)
		return nil
	}}
}

func parseSize(s string) (int64, error) {
	digits, unit := s, int64(1)
	for name, bytes := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if number, ok := strings.CutSuffix(s, name); ok {
			digits, unit = strings.TrimSpace(number), bytes
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is not a size; write bytes, or 64KiB or 1MiB", s)
	case n < 1:
		return 0, fmt.Errorf("must be more than zero, not %s", s)
	case n > (1<<30)/unit:
		return 0, fmt.Errorf("must be at most 1GiB, not %s", s)
	}
	return n * unit, nil
}

// span takes a time of more than zero and at most a year: more is a typing error, and near what a time.Duration holds.
func span[T any](at func(*T) *time.Duration) kind[T] {
	return kind[T]{takes: "time", set: func(t *T, s string) error {
		d, err := parseSpan(s)
		if err != nil {
			return err
		}
		*at(t) = d
		return nil
	}}
}

// autoSpan takes a time or the word auto, which is zero.
func autoSpan[T any](at func(*T) *time.Duration) kind[T] {
	given := span(at)
	return kind[T]{takes: "auto|time", set: func(t *T, s string) error {
		if s == "auto" {
			*at(t) = 0
			return nil
		}
		return given.set(t, s)
	}}
}

// longest is the longest time that can be set.
const longest = 366 * 24 * time.Hour

// parseSpan reads a time as Go writes it, or whole days: 7d.
func parseSpan(s string) (time.Duration, error) {
	if _, err := strconv.ParseFloat(s, 64); err == nil && s != "0" {
		return 0, fmt.Errorf("%s has no unit; write %ss, %sm or %sh", s, s, s, s)
	}
	d, err := time.ParseDuration(s)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		var n uint64
		n, err = strconv.ParseUint(days, 10, 16)
		d = time.Duration(n) * 24 * time.Hour
	}
	switch {
	case err != nil:
		return 0, fmt.Errorf("%q is not a time; write a number and its unit, as in 500ms, 30s, 5m, 12h or 7d", s)
	case d <= 0:
		return 0, fmt.Errorf("must be more than zero, not %s", s)
	case d > longest:
		return 0, fmt.Errorf("must be at most 366d, not %s", s)
	}
	return d, nil
}

// autoWord takes one of a few words, or auto, which is the zero value.
func autoWord[T any, W ~string](at func(*T) *W, words ...W) kind[T] {
	k := word(at, append([]W{"auto"}, words...)...)
	given := k.set
	k.set = func(t *T, s string) error {
		err := given(t, s)
		if s == "auto" {
			*at(t) = ""
		}
		return err
	}
	return k
}

// secret takes the secret of Standard Webhooks: whsec_ and 24 to 64 bytes in base64. What it was given is never told.
func secret[T any](at func(*T) *string) kind[T] {
	return kind[T]{takes: "secret", secret: true, set: func(t *T, s string) error {
		code, ok := strings.CutPrefix(s, "whsec_")
		key, err := base64.StdEncoding.DecodeString(code)
		if !ok || err != nil || len(key) < 24 || len(key) > 64 {
			return errors.New("must be whsec_ and 24 to 64 bytes in base64, as `echo whsec_$(openssl rand -base64 32)` makes it")
		}
		*at(t) = s
		return nil
	}}
}
