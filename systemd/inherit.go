package systemd

import (
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The variables of the protocol.
const (
	notifySocket   = "NOTIFY_SOCKET"
	watchdogTime   = "WATCHDOG_USEC"
	watchdogFor    = "WATCHDOG_PID"
	listenFor      = "LISTEN_PID"
	listenCount    = "LISTEN_FDS"
	listenNames    = "LISTEN_FDNAMES"
	firstInherited = 3 // the descriptor of the first socket: SD_LISTEN_FDS_START
)

// Manager is the service manager that started this process. Nil is none: it has left nothing and hears nothing. Its
// methods may be called concurrently.
type Manager struct {
	notify   *net.UnixAddr // nil: it does not want to hear anything
	watchdog time.Duration
	sockets  []socket
}

// socket is a listener that the manager has opened, and what it calls it.
type socket struct {
	name string
	net.Listener
}

// Inherit takes what a service manager has left for this process: nil if there is none. It is to be called once, before
// anything else opens a file, as it takes descriptors by their numbers.
//
// The variables are removed from the environment, whoever they were for: a command that this process starts would take
// them for its own, say that it is ready in this one's name, and close descriptors that mean something else there. An
// error says which of them is wrong; what is for another process (LISTEN_PID, WATCHDOG_PID) is none.
func Inherit() (*Manager, error) {
	left := take(notifySocket, watchdogTime, watchdogFor, listenFor, listenCount, listenNames)
	var m Manager
	err := errors.Join(m.inheritNotify(left), m.inheritWatchdog(left), m.inheritSockets(left))
	switch {
	case err != nil:
		return nil, errors.Join(err, m.Close())
	case m.notify == nil && len(m.sockets) == 0:
		return nil, nil //nolint:nilnil // nobody manages this process: its methods work on nil
	}
	return &m, nil
}

// take reads variables and removes them.
func take(names ...string) map[string]string {
	left := map[string]string{}
	for _, name := range names {
		left[name] = os.Getenv(name)
		_ = os.Unsetenv(name) // it fails for names that are none
	}
	return left
}

// inheritNotify finds out where to tell how the process is. A path is one in the file system, or, behind an @, an
// abstract name; there are managers of virtual machines that listen elsewhere, of which nothing is known here.
func (m *Manager) inheritNotify(left map[string]string) error {
	at := left[notifySocket]
	if at == "" {
		return nil
	}
	if !strings.HasPrefix(at, "/") && !strings.HasPrefix(at, "@") {
		return fmt.Errorf("%s: %q is neither a path nor an abstract name", notifySocket, at)
	}
	m.notify = &net.UnixAddr{Name: at, Net: "unixgram"}
	return nil
}

// inheritWatchdog finds out within which time the manager wants to hear that the process lives.
func (m *Manager) inheritWatchdog(left map[string]string) error {
	text := left[watchdogTime]
	if text == "" || !forUs(left[watchdogFor], true) {
		return nil
	}
	micros, err := strconv.ParseInt(text, 10, 64)
	if most := int64(1<<63-1) / int64(time.Microsecond); err != nil || micros <= 0 || micros > most {
		return fmt.Errorf("%s: %q is no number of microseconds", watchdogTime, text)
	}
	m.watchdog = time.Duration(micros) * time.Microsecond
	return nil
}

// inheritSockets makes listeners of the descriptors that were handed over. Those here are copies that no child gets; the
// originals are closed.
func (m *Manager) inheritSockets(left map[string]string) error {
	if left[listenCount] == "" || !forUs(left[listenFor], false) {
		return nil
	}
	count, err := strconv.ParseUint(left[listenCount], 10, 16)
	if err != nil {
		return fmt.Errorf("%s: %q is no number of sockets", listenCount, left[listenCount])
	}
	names := strings.Split(left[listenNames], ":")
	var wrong []error
	for i := range int(count) {
		name := "unknown" // what systemd says of one without a name
		if i < len(names) && names[i] != "" {
			name = names[i]
		}
		f := os.NewFile(uintptr(firstInherited+i), name)
		ln, err := net.FileListener(f)
		_ = f.Close() // the copy is what counts
		if err != nil {
			wrong = append(wrong, fmt.Errorf("take over the socket %s (%d of %d): %w", name, i+1, count, err))
			continue
		}
		m.sockets = append(m.sockets, socket{name, ln})
	}
	return errors.Join(wrong...)
}

// forUs reports whether a variable is meant for this process and not for one that started it; unsaid is what an absent
// one means.
func forUs(pid string, unsaid bool) bool {
	if pid == "" {
		return unsaid
	}
	return pid == strconv.Itoa(os.Getpid())
}

// Sockets are the names of the sockets that were handed over and not taken yet, in the manager's order.
func (m *Manager) Sockets() []string {
	names := []string{}
	if m != nil {
		for _, s := range m.sockets {
			names = append(names, s.name)
		}
	}
	return names
}

// Socket takes a socket that was handed over, by the name that FileDescriptorName= gives it, or, where the name is empty,
// the only one. It is the caller's to close; the manager goes on listening with its own copy, and whoever connects then
// waits there for the next process.
func (m *Manager) Socket(name string) (net.Listener, error) {
	names := m.Sockets()
	var found []int
	for i, has := range names {
		if name == "" || name == has {
			found = append(found, i)
		}
	}
	switch {
	case len(names) == 0:
		return nil, errors.New("no service manager has handed over a socket")
	case len(found) == 0:
		return nil, fmt.Errorf("no socket is called %s; there are: %s", name, strings.Join(names, ", "))
	case len(found) > 1:
		return nil, fmt.Errorf("which socket is meant of: %s?", strings.Join(names, ", "))
	}
	ln := m.sockets[found[0]].Listener
	m.sockets = slices.Delete(m.sockets, found[0], found[0]+1)
	return ln, nil
}

// Close closes the sockets that nobody has taken.
func (m *Manager) Close() error {
	if m == nil {
		return nil
	}
	var err error
	for _, s := range m.sockets {
		err = errors.Join(err, s.Close())
	}
	m.sockets = nil
	return err
}
