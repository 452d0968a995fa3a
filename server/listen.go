package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
)

// inherited stands before the name of a socket that the service manager hands over, in place of an address.
const inherited = "fd:"

// whereToListen is Listen, or what stands for it where it was left out.
func (o Options) whereToListen() string {
	switch {
	case o.Listen != "":
		return o.Listen
	case len(o.Systemd.Sockets()) > 0:
		return inherited
	}
	return "127.0.0.1:8080"
}

// inherits reports whether the listener is the service manager's, who keeps it open after this process has closed its own
// copy: whoever connects then waits for the next process.
func (o Options) inherits() bool { return strings.HasPrefix(o.Listen, inherited) }

// CheckListen says why a text can be no Options.Listen; the sentence goes on where the setting's name ends. The port is a
// number: a name for it would be looked up in a file of the host, and mean something else on another.
func CheckListen(text string) error {
	if strings.HasPrefix(text, inherited) {
		return nil
	}
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return fmt.Errorf("must be HOST:PORT, or fd:NAME for a socket of systemd's, not %q", text)
	}
	if !validPort(port) {
		return fmt.Errorf("must be HOST:PORT with a port from 0 to 65535, not %q", port)
	}
	return nil
}

// checkAddress refuses an address that others than this host can reach unless auth is off in so many words: without a
// token whoever reaches the port may do everything. It looks before anything is begun; what a socket that was handed over
// is bound to, listen finds out.
func (o Options) checkAddress() error {
	if o.inherits() {
		return nil
	}
	if names := o.Systemd.Sockets(); len(names) > 0 {
		return fmt.Errorf("listen %s: systemd has handed over another socket (%s), which nobody would serve: "+
			"leave listen out, or take the socket away", o.Listen, strings.Join(names, ", "))
	}
	host, _, err := net.SplitHostPort(o.Listen)
	if err != nil {
		return fmt.Errorf("listen %q: must be HOST:PORT", o.Listen)
	}
	if o.Auth != "off" && host != "localhost" && !loopback(net.ParseIP(host)) {
		return openError(o.Listen)
	}
	return nil
}

// listen binds the address, or takes over the socket, and looks at what is really bound: a name may resolve to anything.
func listen(ctx context.Context, o *Options) (net.Listener, error) {
	ln, err := o.bind(ctx)
	if err != nil {
		return nil, err
	}
	if o.Auth != "off" && !local(ln.Addr()) {
		_ = ln.Close()
		return nil, openError(ln.Addr().String())
	}
	if err := o.checkReach(ln.Addr()); err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	return ln, nil
}

func (o Options) bind(ctx context.Context) (net.Listener, error) {
	if !o.inherits() {
		return new(net.ListenConfig).Listen(ctx, "tcp", o.Listen) // its error says what it tried
	}
	ln, err := o.Systemd.Socket(strings.TrimPrefix(o.Listen, inherited))
	if err != nil {
		return nil, &SettingError{fmt.Errorf("listen %s: %w", o.Listen, err)}
	}
	if left := o.Systemd.Sockets(); len(left) > 0 {
		return nil, &SettingError{errors.Join(
			fmt.Errorf("listen %s: nobody would serve what else systemd has handed over: %s", o.Listen, strings.Join(left, ", ")), ln.Close())}
	}
	return ln, nil
}

// local reports whether only this host can reach the address. Who may connect to a socket in its file system is for the
// socket's mode to say.
func local(a net.Addr) bool {
	switch a := a.(type) {
	case *net.TCPAddr:
		return loopback(a.IP)
	case *net.UnixAddr:
		return true
	}
	return false
}

func loopback(ip net.IP) bool { return ip != nil && ip.IsLoopback() }

func openError(addr string) error {
	return fmt.Errorf("listen %s: others than this host could reach it, and no token is configured; "+
		"listen on 127.0.0.1, or set auth to off if that is meant", addr)
}
