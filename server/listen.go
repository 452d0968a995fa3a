package server

import (
	"context"
	"fmt"
	"net"
)

// checkAddress refuses an address that others than this host can reach unless auth is off in so many words: without a
// token whoever reaches the port may do everything. It looks before anything is begun.
func (o Options) checkAddress() error {
	host, _, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return fmt.Errorf("listen %q: must be HOST:PORT", o.Listen)
	}
	if o.Auth != "off" && host != "localhost" && !loopback(net.ParseIP(host)) {
		return openError(o.Listen)
	}
	return nil
}

// listen binds the address, and looks at what was really bound: a name may resolve to anything.
func listen(ctx context.Context, o *Options) (net.Listener, error) {
	ln, err := new(net.ListenConfig).Listen(ctx, "tcp", o.Listen)
	if err != nil {
		return nil, err // it says what it tried
	}
	if o.Auth != "off" && !local(ln.Addr()) {
		_ = ln.Close()
		return nil, openError(ln.Addr().String())
	}
	return ln, nil
}

// local reports whether only this host can reach the address.
func local(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return ok && loopback(tcp.IP)
}

func loopback(ip net.IP) bool { return ip != nil && ip.IsLoopback() }

func openError(addr string) error {
	return fmt.Errorf("listen %s: others than this host could reach it, and no token is configured; "+
		"listen on 127.0.0.1, or set auth to off if that is meant", addr)
}
