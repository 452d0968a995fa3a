package exchange

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
)

// Directory is the environment variable that names the directory for the notes.
const Directory = "LASTCALL_EXCHANGES"

// Exchange is a request and its answer.
type Exchange struct {
	Method string      `json:"method"`
	URL    string      `json:"url"` // path and query
	Header http.Header `json:"header"`
	Body   []byte      `json:"body"`

	Status       int         `json:"status"`
	AnswerHeader http.Header `json:"answer_header"`
	Answer       []byte      `json:"answer"`
}

// Read returns all exchanges that were noted in a directory.
func Read(dir string) ([]Exchange, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		return nil, err
	}
	var all []Exchange
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for line := range bytes.Lines(text) {
			var e Exchange
			if err := json.Unmarshal(line, &e); err != nil {
				return nil, fmt.Errorf("read %s: %w", file, err)
			}
			all = append(all, e)
		}
	}
	return all, nil
}

// writing keeps the lines of a process whole.
var writing sync.Mutex

// note appends the exchange to the file of this process.
func (e *Exchange) note() error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	writing.Lock()
	defer writing.Unlock()
	dir, err := os.OpenRoot(os.Getenv(Directory))
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }() // nothing is written to it
	f, err := dir.OpenFile(fmt.Sprintf("%d.jsonl", os.Getpid()), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err = f.Write(append(line, '\n')); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

// begin notes a request; its body is noted as it is read, so that nothing else about it changes.
func begin(r *http.Request) *Exchange {
	e := &Exchange{Method: r.Method, URL: r.URL.RequestURI(), Header: r.Header.Clone()}
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = &overheard{r.Body, e}
	}
	return e
}

// overheard is a body on its way.
type overheard struct {
	io.ReadCloser
	e *Exchange
}

func (o *overheard) Read(p []byte) (int, error) {
	n, err := o.ReadCloser.Read(p)
	o.e.Body = append(o.e.Body, p[:n]...)
	return n, err
}
