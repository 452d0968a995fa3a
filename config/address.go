package config

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// checked takes a line of text that a check has nothing against. The check's error goes on where the field's name ends.
func checked[T any](k kind[T], check func(text string) error) kind[T] {
	given := k.set
	k.set = func(t *T, s string) error {
		if err := check(s); s != "" && err != nil { // that it is empty is told by itself
			return err
		}
		return given(t, s)
	}
	return k
}

// address takes what can be listened at. The port is a number: a name for it would be looked up in a file of the host,
// and mean something else on another.
func address[T any](at func(*T) *string) kind[T] {
	return checked(text("HOST:PORT", at), func(s string) error {
		_, port, err := net.SplitHostPort(s)
		if err != nil {
			return fmt.Errorf("must be HOST:PORT, not %q", s)
		}
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return fmt.Errorf("must be HOST:PORT with a port from 0 to 65535, not %q", port)
		}
		return nil
	})
}

// storeAddress takes the address of a store. Its text is not told again: that of another kind of store has a password.
func storeAddress[T any](at func(*T) *string) kind[T] {
	return checked(text("sqlite:PATH", at), func(s string) error {
		if path, ok := strings.CutPrefix(s, "sqlite:"); !ok || path == "" {
			return errors.New("must be sqlite:PATH: that is the one kind of store there is")
		}
		return nil
	})
}
