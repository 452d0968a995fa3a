// Package systemd talks to the service manager that started this process, in the three ways that systemd has: it takes
// over the sockets on which the manager already listens, tells it how the process is, and shows it that it still lives.
// It knows nothing of tasks, and any Go service can use it.
//
// All that a manager has to say stands in the environment, and Inherit takes it out of there, once, at the start:
//
//	manager, err := systemd.Inherit()
//	ln, err := manager.Socket("")                 // instead of net.Listen
//	err = manager.Notify(systemd.Ready, systemd.Status("serving"))
//
// The protocol is that of sd_notify(3), sd_watchdog_enabled(3) and sd_listen_fds(3): datagrams of lines NAME=VALUE to a
// Unix socket, and descriptors from 3 on. It is small and promised to stay, so it is written out here rather than linked:
// there is no C in it, and no module of others.
//
// A process that nobody manages has a nil Manager, on which every method works and does nothing.
package systemd
