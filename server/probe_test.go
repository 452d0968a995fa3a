package server //nolint:testpackage // it is nobody else's

import (
	"net"
	"testing"
)

func TestPeersProbeWhereTheNodeListens(t *testing.T) {
	for want, a := range map[string]net.Addr{
		"127.0.0.1:8080": &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080},
		"[::1]:8080":     &net.TCPAddr{IP: net.IPv6loopback, Port: 8080},
		"localhost:8080": &net.TCPAddr{IP: net.IPv6unspecified, Port: 8080},
		"localhost:9090": &net.TCPAddr{IP: net.IPv4zero, Port: 9090},
		"10.0.0.7:80":    &net.TCPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 80},
	} {
		if got := probeAddress(a); got != want {
			t.Errorf("%v is probed at %s, want %s", a, got, want)
		}
	}
}
