package config

import (
	"fmt"
	"net"
	"strconv"
)

// loopbackAddress takes an address to listen at that only this host can reach. It is looked at as it is written: a name
// other than localhost may come to mean something else than it did when it was looked up.
func loopbackAddress[T any](at func(*T) *string) kind[T] {
	return checked(text("HOST:PORT", at), func(s string) error {
		host, port, err := net.SplitHostPort(s)
		if err != nil {
			return fmt.Errorf("must be HOST:PORT, not %q", s)
		}
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return fmt.Errorf("must be HOST:PORT with a port from 0 to 65535, not %q", port)
		}
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return fmt.Errorf("must be a loopback address, such as 127.0.0.1:6060, not %q", s)
		}
		return nil
	})
}
