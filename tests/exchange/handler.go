package exchange

import (
	"net/http"
	"os"
)

// Handler is next with every exchange noted: for tests that ask a handler without a network. A note that cannot be
// taken is a panic, as a test has nobody to return it to here.
func Handler(next http.Handler) http.Handler {
	if os.Getenv(Directory) == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked := *r
		e := begin(&asked)
		l := &listener{ResponseWriter: w, e: e}
		next.ServeHTTP(l, &asked)
		if e.Status == 0 {
			return // taken over, or aborted
		}
		e.AnswerHeader = w.Header().Clone()
		if err := e.note(); err != nil {
			panic(err)
		}
	})
}

// listener hears an answer on its way.
type listener struct {
	http.ResponseWriter
	e *Exchange
}

func (l *listener) WriteHeader(status int) {
	l.e.Status = status
	l.ResponseWriter.WriteHeader(status)
}

func (l *listener) Write(p []byte) (int, error) {
	l.e.Answer = append(l.e.Answer, p...)
	return l.ResponseWriter.Write(p)
}

// Unwrap is for http.ResponseController.
func (l *listener) Unwrap() http.ResponseWriter { return l.ResponseWriter }
