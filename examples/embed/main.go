// Command embed is a whole task server of one's own: it renders reports, slowly, and can be deployed at any moment.
//
// Run it, submit a report, and stop it with Ctrl-C while the report is being made: it is finished first. Kill it with
// kill -9 instead and start it again: the report goes on at the page where it was.
//
//	go run ./examples/embed
//	curl -H 'Content-Type: application/json' -H 'Prefer: wait=30' http://127.0.0.1:8080/v1/tasks \
//	  -d '{"type":"report","input":{"title":"Q3","pages":20}}'
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/server"
)

// Report is what is asked for.
type Report struct {
	Title string `json:"title"`
	Pages int    `json:"pages"`
}

// Document is what comes of it.
type Document struct {
	Title string   `json:"title"`
	Pages []string `json:"pages"`
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8080", "where to listen")
	store := flag.String("store", "sqlite:lastcall.db", "where the data is")
	flag.Parse()
	srv, err := server.New(server.Options{Listen: *listen, Store: *store})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	lastcall.Handle(srv, "report", write, lastcall.WithTimeout(10*time.Minute))
	if err := srv.Run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(srv.ExitCode())
}

// write makes a report page by page. A drain does not stop it while there is time; what it has when time is up it
// leaves as a checkpoint, and the next run goes on from there.
func write(ctx context.Context, in Report) (Document, error) {
	if in.Pages < 1 {
		return Document{}, lastcall.Permanent(&lastcall.TaskError{Code: "no_pages", Message: "a report has at least one page"})
	}
	run, doc := lastcall.RunFrom(ctx), Document{Title: in.Title}
	if last := run.LastCheckpoint(); last != nil {
		if err := json.Unmarshal(last, &doc); err != nil {
			return doc, fmt.Errorf("read the checkpoint: %w", err)
		}
	}
	for len(doc.Pages) < in.Pages {
		select {
		case <-time.After(300 * time.Millisecond): // the work
		case <-ctx.Done():
			return doc, context.Cause(ctx) // handed back in a drain, canceled if someone asked for that
		}
		doc.Pages = append(doc.Pages, fmt.Sprintf("page %d of %s", len(doc.Pages)+1, in.Title))
		run.Progress(100*float64(len(doc.Pages))/float64(in.Pages), fmt.Sprintf("page %d of %d", len(doc.Pages), in.Pages))
		state, err := json.Marshal(doc)
		if err != nil {
			return doc, err
		}
		if err := run.Checkpoint(state); err != nil {
			return doc, err
		}
	}
	return doc, nil
}
