package lease

import (
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// G10: whatever is shown as a token, a run, a holder and a length within the bounds come out of it, or a lost lease.
func FuzzToken(f *testing.F) {
	for _, s := range []string{
		token{run: 7, ttl: 30 * time.Second, holder: "0190.secret"}.String(), "", ".", "..", "1.1000.", "0.1000.x", "-1.1000.x",
		"1.-9223372036855.x", // in nanoseconds beyond int64, which makes it 292 years
		"1.9223372036855.x", "99999999999999999999.1000.x", "+1.+1000.x", "1.1000.\x00\xff",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := parseToken(s)
		if err != nil {
			if lastcall.CodeOf(err) != lastcall.CodeLeaseLost {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if got.run <= 0 || got.ttl < LeastTTL || got.ttl > MostTTL || got.holder == "" {
			t.Errorf("%q is %+v", s, got)
		}
		if again, err := parseToken(got.String()); err != nil || again != got {
			t.Errorf("%q is %+v, and that is %+v, %v", s, got, again, err)
		}
	})
}
