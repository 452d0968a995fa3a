package server

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/lastcall-dev/lastcall/drain"
)

// CheckAdvertise says why a text can be no Options.Advertise; the sentence goes on where the setting's name ends.
func CheckAdvertise(text string) error {
	_, _, err := splitAdvertised(text)
	return err
}

// splitAdvertised takes HOST or HOST:PORT apart; without a port it returns "". An address of IPv6 needs no brackets where
// no port follows: what Kubernetes says a pod's address is has none.
func splitAdvertised(text string) (host, port string, err error) {
	host = text
	if bare := net.ParseIP(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]")); bare != nil {
		host = bare.String()
	} else if strings.Contains(text, ":") {
		if host, port, err = net.SplitHostPort(text); err != nil {
			return "", "", fmt.Errorf("must be HOST or HOST:PORT, not %q", text)
		}
		if !validPort(port) || strings.Trim(port, "0") == "" {
			return "", "", fmt.Errorf("must be HOST or HOST:PORT with a port from 1 to 65535, not %q", port)
		}
	}
	if host == "" || strings.ContainsAny(host, "/@?#%[] \t\r\n") {
		return "", "", fmt.Errorf("must be HOST or HOST:PORT, not %q", text)
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		return "", "", errors.New("must be an address of this node alone: " + host + " stands for all there are")
	}
	return host, port, nil
}

func (o Options) checkAdvertise() error {
	if o.Advertise == "" {
		return nil
	}
	if err := CheckAdvertise(o.Advertise); err != nil {
		return fmt.Errorf("advertise %w", err)
	}
	return nil
}

// checkReach looks at how peers reach what listens at a. They ask over TCP: one that nobody can ask is taken for one that is
// gone, so that who drains beside it has nobody to hand over to.
func (o Options) checkReach(a net.Addr) error {
	if _, ok := a.(*net.TCPAddr); ok {
		return nil
	}
	switch _, port, err := splitAdvertised(o.Advertise); {
	case o.Advertise != "" && err == nil && port == "":
		return &SettingError{fmt.Errorf("advertise must be HOST:PORT, not %q, as %s has no port", o.Advertise, a)}
	case o.Advertise == "" && OnPostgres(o.Store):
		o.Logger.Warn("peers cannot ask this node whether it is ready, and none hands over to it: "+
			"it listens at a path, and advertise does not say at which HOST:PORT it is reached", "path", a.String())
	}
	return nil
}

// validPort reports whether a text is a port's number.
func validPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return err == nil
}

// peerAddress is where peers reach what listens at a: where the options say, else there, unless that is every address of
// this host. Then it is, for those that share a file with it, whichever loopback address works; for those that share a
// database, and are elsewhere, the first of this host's own that others can reach, as a pod has just one. Pods that share a
// file are on one host, and still each in a network of its own, where a loopback address is nobody's but theirs.
//
// A socket in the file system has no port, and what listens there is reached by what stands before it, if by anything.
//
// Own lists the host's addresses; it is asked only where it decides.
func (o Options) peerAddress(a net.Addr, own func() ([]net.Addr, error)) string {
	tcp, ok := a.(*net.TCPAddr)
	port := ""
	if ok {
		port = strconv.Itoa(tcp.Port)
	}
	if host, given, err := splitAdvertised(o.Advertise); o.Advertise != "" && err == nil { // it was checked
		return net.JoinHostPort(host, cmp.Or(given, port))
	}
	switch {
	case !ok:
		return a.String()
	case !tcp.IP.IsUnspecified():
		return a.String()
	case OnPostgres(o.Store) || drain.OnKubernetes():
		addrs, _ := own() // who may not ask for them has none
		return net.JoinHostPort(reachable(addrs, tcp.IP.To4() != nil), port)
	}
	return net.JoinHostPort("localhost", port)
}

// reachable is the first address that is of a network others can be in; only4 leaves out what is not of IPv4. A host
// that has none is on no network, and its peers are on it too.
func reachable(own []net.Addr, only4 bool) string {
	for _, a := range own {
		n, ok := a.(*net.IPNet)
		if ok && n.IP.IsGlobalUnicast() && (!only4 || n.IP.To4() != nil) {
			return n.IP.String()
		}
	}
	return "localhost"
}
