package drain

import (
	"os"
	"os/signal"
	"syscall"
)

// listen begins to hear the signals of the process, and returns how to stop
// hearing them. The buffer takes in a burst; of what does not fit nothing would
// change anything.
func listen(given <-chan os.Signal) (heard <-chan os.Signal, deafen func()) {
	if given != nil {
		return given, func() {}
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
