package httpapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// keyHeader carries the key under which a submit may be repeated without harm.
const keyHeader = "Idempotency-Key"

// readKey is the key of a request that submits one task, "" and false if it has none.
func readKey(h http.Header) (key string, given bool, err error) {
	switch keys := h[keyHeader]; len(keys) {
	case 0:
		return "", false, nil
	case 1:
		return keys[0], true, nil
	}
	return "", false, invalid(field(keyHeader, "is given more than once"))
}

// keyOf is a submission's key, which is its caller's: the same one of another is another. The submission is as it was
// decoded, without any default: those may change from one version to the next.
func keyOf(s *lastcall.Submission, key string, who Identity) *lastcall.IdempotencyKey {
	return &lastcall.IdempotencyKey{Scope: who.Client, Key: key, Digest: digest(s)}
}

// digest tells submissions apart that mean different tasks, and only those: the order of fields, blanks, escapes and the
// ways to write a number or a duration make no difference.
func digest(s *lastcall.Submission) string {
	canonical, err := json.Marshal(struct { //nolint:musttag // the names are as good as any: only the digest is kept
		Type, Queue, Client string
		Input               json.RawMessage
		Priority            int
		RunAt               time.Time
		Delay               time.Duration
		MaxAttempts         int
		Timeout, ExpiresIn  time.Duration
		Labels              map[string]string
		RetryOf             string `json:",omitempty"`
	}{
		s.Type, s.Queue, s.Client, canonicalJSON(s.Input), s.Priority, s.RunAt.UTC(), s.Delay,
		s.MaxAttempts, s.Timeout, s.ExpiresIn, s.Labels, s.RetryOf,
	})
	if err != nil { // not reached: the input was decoded and encoded again
		canonical = s.Input
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:])
}

// canonicalJSON writes JSON in one way: members sorted, numbers as canonicalNumber has them. Absent is null.
func canonicalJSON(v json.RawMessage) json.RawMessage {
	if len(v) == 0 {
		return json.RawMessage("null")
	}
	d := json.NewDecoder(bytes.NewReader(v))
	d.UseNumber()
	var decoded any
	if err := d.Decode(&decoded); err != nil {
		return v
	}
	out, err := json.Marshal(canonicalNumbers(decoded))
	if err != nil {
		return v
	}
	return out
}

func canonicalNumbers(v any) any {
	switch v := v.(type) {
	case json.Number:
		return json.Number(canonicalNumber(string(v)))
	case []any:
		for i := range v {
			v[i] = canonicalNumbers(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = canonicalNumbers(v[k])
		}
	}
	return v
}

// canonicalNumber writes 1, 1.0 and 1e0 alike. Whole numbers are kept digit by digit, as they may be identifiers longer
// than a float64 holds; what no float64 can hold is kept as it is written.
func canonicalNumber(s string) string {
	if !strings.ContainsAny(s, ".eE") {
		if s == "-0" {
			return "0"
		}
		return s
	}
	f, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil:
		return s
	case f == math.Trunc(f) && math.Abs(f) < 1<<53:
		return strconv.FormatInt(int64(f), 10)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}
