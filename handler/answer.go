package handler

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// answer is what a handler answered over HTTP, its body read as far as the limit goes.
type answer struct {
	*http.Response
	output
}

const (
	// longestWait bounds what a Retry-After may ask for: a slip of the pen there must not put tasks away for good.
	longestWait = 24 * time.Hour
	// maxQuote is how much of a body stands in an error.
	maxQuote = 500 // bytes
)

// outcome is what came of the task.
func (a *answer) outcome(run lastcall.Run, now time.Time) (json.RawMessage, error) {
	if a.StatusCode/100 == 2 {
		if a.over {
			return nil, a.tooLarge()
		}
		return a.json()
	}
	_, _ = fmt.Fprintf(run.Log(), "lastcall: the handler answered %s\n%s\n", a.Status, a.bytes)
	err := a.failure()
	switch a.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return nil, lastcall.GiveBack(err, retryAfter(a.Header.Get("Retry-After"), now))
	}
	if a.StatusCode/100 == 4 {
		return nil, lastcall.Permanent(err)
	}
	return nil, err
}

func (a *answer) failure() error {
	if own := ownError(a.bytes); own != nil {
		return own
	}
	message := "the handler answered " + a.Status
	if body := strings.TrimSpace(string(a.bytes[:min(len(a.bytes), maxQuote)])); body != "" {
		message += ": " + strings.ToValidUTF8(body, "")
	}
	return &lastcall.TaskError{Code: "http_" + strconv.Itoa(a.StatusCode), Message: message}
}

// retryAfter is the wait that a Retry-After asks for, in seconds or as a date (RFC 9110, 10.2.3); 0, which stands for
// the default, if it asks for none or is neither.
func retryAfter(value string, now time.Time) time.Duration {
	seconds, err := strconv.ParseUint(value, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange), err == nil && seconds > uint64(longestWait/time.Second):
		return longestWait
	case err == nil:
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), longestWait)
}
