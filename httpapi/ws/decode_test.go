package ws

import (
	"errors"
	"testing"
)

// FuzzDecode: whatever a client sends is a frame, nothing to us, or wrong in words; and what was read is within bounds.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"t":"hello","resume":"EPOCH:41","caps":["handover","progress"]}`,
		`{"t":"ack","seq":57}`, `{"t":"pong","n":9}`, `{"t":"watch","tasks":["x"]}`, `{"t":"bye"}`,
		`{"t":"later"}`, `{"t":"hello","a":{"t":1,"t":2},"T":"bye"}`, `{}`, `[]`, `null`, `{"t":"ack","seq":1e3}`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		frame, err := decode(b)
		if err != nil {
			if bad := badFrameError(""); !errors.As(err, &bad) || bad == "" || frame != nil {
				t.Fatalf("%v with %v", frame, err)
			}
			return
		}
		switch frame := frame.(type) {
		case byeFrame, pongFrame, otherFrame:
		case helloFrame:
			if frame.resume != nil && (frame.resume.Seq < 0 || frame.resume.Epoch == "") {
				t.Fatalf("resume %+v", frame.resume)
			}
		case ackFrame:
			if frame.seq < 0 {
				t.Fatalf("ack of %d", frame.seq)
			}
		case watchFrame:
			if frame.tasks == nil {
				t.Fatal("watch of nothing")
			}
		default:
			t.Fatalf("decoded to %T", frame)
		}
	})
}

// FuzzPing: a pong carries what the peer likes.
func FuzzPing(f *testing.F) {
	f.Add("57")
	f.Add("-1")
	f.Add("9223372036854775808")
	f.Fuzz(func(t *testing.T, payload string) {
		if seq, ok := parsePing(payload); ok && seq < 0 {
			t.Fatalf("%q is position %d", payload, seq)
		}
	})
}
