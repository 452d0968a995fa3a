package ws

import (
	"testing"
	"time"
)

// TestReceipts plays what passes between a connection and its peer, second by second. Each step is one or two letters
// and what is known after it: w a result is written, e another event, p a ping, o a pong to the last ping, a an ack of
// everything, n nothing, and all but p and o take a second; + stands for "waited for", - for "not".
func TestReceipts(t *testing.T) {
	for name, tc := range map[string]struct {
		steps string
		want  string
	}{
		"nothing was ever written":               {"n", "-"},
		"an event that ends nothing":             {"en", "--"},
		"a result counts for two seconds":        {"wnn", "++-"},
		"an ack serves":                          {"wa", "+-"},
		"a pong behind the result serves":        {"wpo", "++-"},
		"a pong to a ping before the result":     {"pwo", "-++"},
		"one that acks is not served by a pong":  {"awpon", "-++++"},
		"a ping gives it two seconds from there": {"wnpnn", "++++-"},
		"one that owes is not waited for again":  {"wpnnwn", "+++---"},
		"one that answers again is":              {"wpnnoww", "+++--++"},
		"one that acks late is waited for again": {"awnnaw", "-++--+"},
	} {
		t.Run(name, func(t *testing.T) {
			var r receipt
			seq, asked := int64(0), int64(0)
			now := time.Duration(0)
			for i, step := range tc.steps {
				if step != 'p' && step != 'o' {
					now += time.Second
				}
				switch step {
				case 'w', 'e':
					seq++
					r.writes(seq, step == 'w', now)
					r.wrote(now)
				case 'p':
					asked = r.ping(now)
				case 'o':
					r.pong(asked, now)
				case 'a':
					r.ack(seq, now)
				}
				if got := r.open(now); got != (tc.want[i] == '+') {
					t.Errorf("step %d (%c): waited for: %v", i+1, step, got)
				}
			}
		})
	}
}

func TestAPeerCannotConfirmWhatItWasNotSent(t *testing.T) {
	var r receipt
	r.writes(5, true, 1)
	r.wrote(1)
	r.pong(1<<62, 2)
	r.writes(6, true, 3)
	r.wrote(3)
	if !r.open(4) {
		t.Error("a pong of its own making confirmed a result that came after it")
	}
	r.ack(1<<62, 5)
	r.writes(7, true, 6)
	if !r.open(7) {
		t.Error("an ack confirmed a result that came after it")
	}
}

func TestOnlyAPeerThatNeverAcksIsPingedForAReceipt(t *testing.T) {
	var r receipt
	r.writes(1, true, 1)
	if !r.wantsPing(2) {
		t.Error("no ping wanted behind a result")
	}
	r.ping(2)
	if r.wantsPing(3) {
		t.Error("a second ping wanted behind the same result")
	}
	r.ack(1, 4)
	r.writes(2, true, 5)
	if r.wantsPing(6) {
		t.Error("a ping wanted of one who acknowledges")
	}
}
