package config

import (
	"fmt"

	"github.com/lastcall-dev/lastcall/server"
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

// address takes what can be listened at.
func address[T any](at func(*T) *string) kind[T] {
	return checked(text("HOST:PORT|fd:NAME", at), server.CheckListen)
}

// storeAddress takes the address of a store, of which what may be told is told: that of a database can hold a password.
func storeAddress[T any](at func(*T) *string) kind[T] {
	k := checked(text("sqlite:PATH|postgres://…", at), server.CheckStore)
	k.told = server.StoreName
	return k
}

// advertised takes where a node is reached.
func advertised[T any](at func(*T) *string) kind[T] {
	return checked(text("HOST[:PORT]", at), server.CheckAdvertise)
}

// authentication takes the one word that there is for it. It is held against it here already, and not by server alone,
// so that it is told beside other mistakes.
func authentication[T any](at func(*T) *string) kind[T] {
	return checked(text("off", at), func(s string) error {
		if s != "off" {
			return fmt.Errorf("%q: the only setting there is, is off", s)
		}
		return nil
	})
}
