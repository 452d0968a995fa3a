package drain

import (
	"os"
	"os/signal"
	"syscall"
)

// listen is where Run hears signals, and how it stops hearing them. The buffer
// takes in a burst; of what does not fit nothing would change anything.
func (d *Drainer) listen() (<-chan os.Signal, func()) {
	if d.options.Signals != nil {
		return d.options.Signals, func() {}
	}
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	return signals, func() { signal.Stop(signals) }
}

// signalName is a signal as people write it; the system's own word for SIGTERM
// is "terminated".
func signalName(sig os.Signal) string {
	switch sig {
	case syscall.SIGTERM:
		return "SIGTERM"
	case syscall.SIGINT:
		return Interrupt
	default:
		return sig.String()
	}
}
