package witness

import (
	"fmt"
	"strings"
	"testing"
)

// G1: the judge sees every way in which a sync can be missing, and none where it is there.
func TestUnsyncedFindsWhatWasToldTooEarly(t *testing.T) {
	const never = "had not been written to the log since it was asked for"
	const half = "had not been written to the log in full"
	const early = "no sync of the log had begun"
	event := fmt.Sprintf(`{"t":"event","seq":1,"id":%q,"cursor":"E:1"}`, id)
	for what, c := range map[string]struct {
		trace *script
		want  string // "": all is well
	}{
		"synced, then told":                {new(script).asks().page(true).sync(wal).answers(), ""},
		"synced by another thread":         {new(script).asks().page(true).begin(wal).end("0").answers(), ""},
		"two syncs, the second well":       {new(script).asks().page(true).begin(wal).end("-1 EIO (x)").sync(wal).answers(), ""},
		"repeated, synced long ago":        {new(script).page(true).sync(wal).asks().answers("Idempotency-Replayed: true\r\n"), ""},
		"the page was written again later": {new(script).asks().page(true).sync(wal).page(true).answers(), ""},

		"no sync":                                          {new(script).asks().page(true).answers(), early},
		"synced after it was told":                         {new(script).asks().page(true).answers().sync(wal), early},
		"the sync was not back":                            {new(script).asks().page(true).begin(wal).answers().end("0"), early},
		"the sync began too early":                         {new(script).asks().begin(wal).page(true).end("0").answers(), early},
		"the sync failed":                                  {new(script).asks().page(true).begin(wal).end("-1 EIO (x)").answers(), early},
		"another file was synced":                          {new(script).asks().page(true).sync(dir + "/lab.db").answers(), early},
		"not all pages were written":                       {new(script).asks().page(false).sync(wal).answers(), half},
		"the last page was not synced":                     {new(script).asks().page(false).sync(wal).page(true).answers(), early},
		"never written":                                    {new(script).asks().sync(wal).answers(), never},
		"written before it was asked for, and told as new": {new(script).page(true).sync(wal).asks().answers(), never},
		"repeated, never synced":                           {new(script).page(true).asks().answers("Idempotency-Replayed: true\r\n"), early},

		"an event, synced, then told": {new(script).socket().page(true).sync(wal).tells(event), ""},
		"an event, not synced":        {new(script).socket().page(true).tells(event).sync(wal), early},
	} {
		t.Run(what, func(t *testing.T) {
			calls := c.trace.parse(t)
			told, err := Listen(calls)
			if err != nil || len(told.Submits)+len(told.Frames) != 1 {
				t.Fatalf("heard %+v, %v", told, err)
			}
			found, err := Unsynced(calls, wal, told)
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(found, "; "); (c.want == "") != (got == "") || !strings.Contains(got, c.want) {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

func TestListenHearsWhatWasSaid(t *testing.T) {
	s := new(script).asks().answers()
	s.asks().answers("Idempotency-Replayed: true\r\n")
	refusal := "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
	s.asks().call(3, "write(20<socket:[7]>, %s, 99) = %d", quote(refusal), len(refusal))
	s.asks() // and no answer
	s.socket().tells(`{"t":"welcome","cursor":"E:4"}`).tells(`{"t":"state","task":"x"}`)
	s.out("\x89\x00") // a ping
	s.tells(`{"t":"event","seq":5,"task":"x","cursor":"E:5"}`)
	s.out("\x81\x7e\x01\x00cut off")
	told, err := Listen(s.parse(t))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(told.Submits); n != 2 || told.Submits[0].Replayed || !told.Submits[1].Replayed || told.Submits[0].Task.ID != id {
		t.Errorf("submits: %+v", told.Submits)
	}
	if first := told.Submits[0]; first.Asked != 2 || first.Told != 3 {
		t.Errorf("asked at line %d and told at line %d, want 2 and 3", first.Asked, first.Told)
	}
	if len(told.Unknown) != 1 || told.Unknown[0].Client != "alice" {
		t.Errorf("of unknown fate: %+v", told.Unknown)
	}
	if n := len(told.Frames); n != 2 || told.Frames[0].Event != nil || told.Frames[1].Event.Seq != 5 || told.Frames[1].Client != "alice" {
		t.Errorf("frames: %+v", told.Frames)
	}
}
