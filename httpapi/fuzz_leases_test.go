package httpapi

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/lease"
)

// G10: no request for leases makes the decoder panic, and one that it takes is within its bounds.
func FuzzLeaseRequest(f *testing.F) {
	for _, b := range badLeases() {
		if len(b.body) < 4096 {
			f.Add([]byte(b.body))
		}
	}
	f.Add([]byte(`{"types":["a","b","a"],"queues":[],"max":7,"wait":"1m30s","ttl":"30s","worker":"w-1"}`))
	a := &api{Options: Options{Limits: lastcall.DefaultLimits()}}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := a.decodeLeaseRequest(body)
		if err != nil {
			if lastcall.CodeOf(err) != lastcall.CodeInvalidRequest {
				t.Fatalf("%q: %v", body, err)
			}
			mustBeText(t, err)
			return
		}
		var other struct {
			Types, Queues []string
			Max           float64
		}
		if err := json.Unmarshal(body, &other); err != nil || int(other.Max) != r.Max {
			t.Fatalf("%q is read as %+v and as %+v: %v", body, r, other, err)
		}
		if r.Max < 0 || r.Max > lease.MostMax || r.Wait < 0 || r.Wait > time.Minute || r.TTL < 0 || r.TTL > lease.MostTTL ||
			len(r.Types) > len(other.Types) || len(r.Types) > lease.MostNames || len(r.Queues) > len(other.Queues) {
			t.Fatalf("%q is taken as %+v", body, r)
		}
	})
}

// G10: no word on a lease makes the decoder panic, and what one carries is JSON, and what it says.
func FuzzWord(f *testing.F) {
	for _, b := range badLeases() {
		if len(b.body) < 4096 {
			f.Add([]byte(b.body))
		}
	}
	f.Add([]byte(`{"token":"1.30000.lease-A","progress":{"percent":4.5e1,"message":"\u00e4"},"checkpoint":{ "a": [1] }}`))
	f.Add([]byte(`{"token":"1.30000.lease-A","error":{"code":"x","message":null,"detail":[ ]},"retry_after":"1s","permanent":true}`))
	calls := []wordReader{renewFields, completeFields, failFields, releaseFields}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, fields := range calls {
			w, err := decodeWord(body, fields)
			if err != nil {
				if lastcall.CodeOf(err) != lastcall.CodeInvalidRequest {
					t.Fatalf("%q: %v", body, err)
				}
				mustBeText(t, err)
				continue
			}
			var other struct{ Token string }
			if err := json.Unmarshal(body, &other); err != nil || other.Token != w.token || w.token == "" {
				t.Fatalf("%q is read as %+v and as %+v: %v", body, w, other, err)
			}
			for _, carried := range [][]byte{w.checkpoint, w.output} {
				if carried != nil && !json.Valid(carried) {
					t.Fatalf("%q carries %q", body, carried)
				}
			}
			if w.failure != nil && w.failure.Detail != nil && !json.Valid(w.failure.Detail) {
				t.Fatalf("%q has the detail %q", body, w.failure.Detail)
			}
		}
	})
}
