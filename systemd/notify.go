package systemd

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// State is one thing that a process says of itself, as NAME=VALUE.
type State string

// What needs no value of its own.
const (
	Ready    State = "READY=1"    // it serves: what waits for it may go on
	Stopping State = "STOPPING=1" // it has begun to stop
	Alive    State = "WATCHDOG=1" // it still lives
)

// Status is a line for people: `systemctl status` shows the last one.
func Status(text string) State {
	return State("STATUS=" + strings.Join(strings.Fields(text), " ")) // a line break would begin another state
}

// ExtendTimeout asks for more time to start or to stop: the manager's own timeout does not end this process as long as
// each of these comes before the time of the one before it is over.
func ExtendTimeout(by time.Duration) State {
	return State("EXTEND_TIMEOUT_USEC=" + strconv.FormatInt(max(by.Microseconds(), 1), 10))
}

// patience is how long a word may take that the manager's socket has no room for. It is read by a process that does
// little else; one that does not read must not stop this one.
const patience = time.Second

// Notify tells the manager several things at once. It returns when the manager's socket has taken them, a second later
// at most. An error changes nothing for the process: its manager may just be away.
//
// Each call has a socket of its own, as the manager may have been started anew since the last one.
func (m *Manager) Notify(states ...State) error {
	if m == nil || m.notify == nil {
		return nil
	}
	lines := make([]string, len(states))
	for i, s := range states {
		lines[i] = string(s)
	}
	conn, err := net.DialUnix("unixgram", nil, m.notify)
	if err != nil {
		return fmt.Errorf("notify the service manager: %w", err)
	}
	defer func() { _ = conn.Close() }() // it has been sent, or not
	if err := conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return fmt.Errorf("notify the service manager: %w", err)
	}
	if _, err := conn.Write([]byte(strings.Join(lines, "\n"))); err != nil {
		return fmt.Errorf("notify the service manager: %w", err)
	}
	return nil
}

// Hears reports whether the manager wants to be told anything.
func (m *Manager) Hears() bool { return m != nil && m.notify != nil }

// Watchdog is the time within which the manager wants to hear Alive again and again, and ends the process if it does not;
// zero where it does not ask for it.
func (m *Manager) Watchdog() time.Duration {
	if m == nil {
		return 0
	}
	return m.watchdog
}
