package drain_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"syscall"
	"time"

	"github.com/lastcall-dev/lastcall/drain"
)

// A request is inside when SIGTERM comes. It is served, the next one is
// refused, and Run returns when the first is done.
func Example() {
	inside, serve := make(chan bool), make(chan bool)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		inside <- true
		<-serve
		fmt.Fprint(w, "here you are")
	}))

	// A program of its own leaves Signals out, and hears the system's.
	signals := make(chan os.Signal, 1)
	drainer, err := drain.HTTP(server.Config, drain.Plan{Grace: 20 * time.Second}, drain.HTTPOptions{
		Options: drain.Options{Signals: signals, Logger: slog.New(slog.DiscardHandler)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	server.Start()
	done := make(chan error)
	go func() { done <- drainer.Run(context.Background()) }()

	first := get(server.URL)
	<-inside
	signals <- syscall.SIGTERM
	for !drainer.Refusing() {
		<-time.After(time.Millisecond)
	}
	fmt.Println("ready:", drainer.Ready(), "- refusing:", drainer.Refusing())
	close(serve)
	fmt.Println("first:", <-first)
	fmt.Println("run:", <-done, "- exit:", drainer.ExitCode())

	// Output:
	// ready: false - refusing: true
	// first: 200 here you are
	// run: <nil> - exit: 0
}

func get(url string) <-chan string {
	answer := make(chan string, 1)
	go func() {
		response, err := http.Get(url)
		if err != nil {
			answer <- err.Error()
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		answer <- fmt.Sprint(response.StatusCode, " ", string(body))
	}()
	return answer
}
