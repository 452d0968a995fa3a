// Package goclient_test holds our Go client against real nodes that come and go.
package goclient_test

import (
	"testing"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }
