package server

import (
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
// Own lists the host's addresses; it is asked only where it decides.
func (o Options) peerAddress(a net.Addr, own func() ([]net.Addr, error)) string {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return a.String()
	}
	port := strconv.Itoa(tcp.Port)
	if o.Advertise != "" {
		host, given, err := splitAdvertised(o.Advertise)
		if err == nil { // it was checked
			if given != "" {
				port = given
			}
			return net.JoinHostPort(host, port)
		}
	}
	switch {
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
