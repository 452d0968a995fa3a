package ws

import (
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// piped is a wire over a pipe, where a write takes exactly as long as the other end takes to read it.
func piped(t *testing.T) (*wire, net.Conn) {
	t.Helper()
	here, there := net.Pipe()
	t.Cleanup(func() { _ = here.Close(); _ = there.Close() })
	return &wire{Conn: here, patience: 10 * time.Second, start: time.Now()}, there
}

// take reads n bytes after a while.
func take(t *testing.T, c net.Conn, after time.Duration, n int) {
	t.Helper()
	go func() {
		time.Sleep(after)
		_, _ = io.ReadFull(c, make([]byte, n))
	}()
}

func TestAPeerThatReadsInTimeIsNotSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, peer := piped(t)
		take(t, peer, 9*time.Second, 10)
		if _, err := w.Write(make([]byte, 10)); err != nil || w.slow.Load() {
			t.Errorf("%v, slow %v", err, w.slow.Load())
		}
	})
}

func TestEveryChunkHasItsOwnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, peer := piped(t)
		for seconds := 8; seconds <= 64; seconds += 8 {
			take(t, peer, time.Duration(seconds)*time.Second, chunk)
		}
		if _, err := w.Write(make([]byte, 8*chunk)); err != nil || w.slow.Load() {
			t.Errorf("%v, slow %v", err, w.slow.Load())
		}
	})
}

func TestASlowPeerMayTakeTheRestOfTheFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, peer := piped(t)
		take(t, peer, 10*time.Second+lastChance/2, 10)
		if n, err := w.Write(make([]byte, 10)); n != 10 || err != nil || !w.slow.Load() {
			t.Errorf("%d, %v, slow %v", n, err, w.slow.Load())
		}
	})
}

func TestAPeerThatTakesNothingIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := piped(t)
		began := time.Now()
		_, err := w.Write(make([]byte, 10))
		if !errors.Is(err, os.ErrDeadlineExceeded) || !w.slow.Load() || time.Since(began) != 10*time.Second+lastChance {
			t.Errorf("%v, slow %v, after %s", err, w.slow.Load(), time.Since(began))
		}
	})
}

func TestOthersSeeForHowLongAWriteIsStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, peer := piped(t)
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = w.Write(make([]byte, 10))
		}()
		time.Sleep(3 * time.Second)
		if got := w.stuck(time.Since(w.start)); got.Round(time.Millisecond) != 3*time.Second {
			t.Errorf("stuck for %s", got)
		}
		take(t, peer, 0, 10)
		<-done
		if got := w.stuck(time.Since(w.start)); got != 0 {
			t.Errorf("stuck for %s after the write", got)
		}
	})
}

func TestWhatIsGatheredArrivesInOrderAndInFewWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, peer := piped(t)
		got := make(chan []byte, 100)
		go func() {
			b := make([]byte, 100)
			for {
				n, err := peer.Read(b)
				if err != nil {
					close(got)
					return
				}
				got <- append([]byte(nil), b[:n]...)
			}
		}()
		w.cork(make([]byte, 0, 8))
		for _, s := range []string{"ab", "cd", "efgh", "i", "jklmnopqrst", "u"} {
			if _, err := w.Write([]byte(s)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.uncork(); err != nil {
			t.Fatal(err)
		}
		_ = w.Close()
		var writes []string
		for b := range got {
			writes = append(writes, string(b))
		}
		if want := []string{"abcdefgh", "i", "jklmnopqrst", "u"}; len(writes) != len(want) || writes[0] != want[0] || writes[2] != want[2] {
			t.Errorf("written %q, want %q", writes, want)
		}
	})
}
