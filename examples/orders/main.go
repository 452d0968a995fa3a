// Command orders is a shop that takes orders over HTTP and carries them out with lastcall, in one program: the shop's own
// routes on one address, lastcall's on another, and one file for both.
//
// An order is paid at a bank, over the network, and packed, which takes a while. Whoever has ordered may wait for the end,
// or come back for it. The program can be stopped and killed at any moment: what was ordered is charged once and packed,
// by this process or by the next one.
//
//	go run ./examples/orders -bank http://127.0.0.1:9002
//
// With -be-the-bank it is the bank instead, which remembers what it was asked to do, so that there is something to try it with.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/client"
	"github.com/lastcall-dev/lastcall/server"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8081", "where the shop listens")
	tasks := flag.String("tasks", "127.0.0.1:8080", "where lastcall listens: its API and its dashboard")
	store := flag.String("store", "sqlite:orders.db", "where the orders are")
	bank := flag.String("bank", "http://127.0.0.1:9002", "where orders are paid")
	grace := flag.Duration("grace", 30*time.Second, "what the platform gives between SIGTERM and SIGKILL")
	beTheBank := flag.String("be-the-bank", "", "be the bank at this address, and no shop")
	flag.Parse()
	if *beTheBank != "" {
		fmt.Fprintln(os.Stderr, serveBank(*beTheBank))
		os.Exit(1)
	}
	code, err := serve(*listen, *bank, server.Options{Listen: *tasks, Store: *store, Grace: *grace})
	if err != nil {
		slog.Error("orders", "error", err)
	}
	os.Exit(code)
}

// serve runs the shop until it is told to stop, and returns what to exit with.
func serve(listen, bank string, options server.Options) (int, error) {
	srv, err := server.New(options)
	if err != nil {
		return 2, err
	}
	lastcall.Handle(srv, "order", fulfilment{bank: bank}.carryOut, lastcall.WithMaxAttempts(20), lastcall.WithTimeout(10*time.Minute))

	orders, err := client.New("http://"+srv.Addr().String(), client.WithName("shop"), client.WithPatience(5*time.Second))
	if err != nil {
		return 2, errors.Join(err, srv.Close())
	}
	defer orders.Close()
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", listen)
	if err != nil {
		return 2, errors.Join(err, srv.Close())
	}
	shop := http.Server{Handler: (&shop{orders}).routes(), ReadHeaderTimeout: 10 * time.Second}
	go func() { // ends with Shutdown
		_ = shop.Serve(listener)
	}()
	slog.Info("the shop is open", "addr", listener.Addr().String())

	// SIGTERM is lastcall's: while it works off what is under way, the shop is still there for those who wait. The answers
	// that they have by then are sent, and who still waits comes back to the next process.
	err = srv.Run(context.Background())
	last, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return srv.ExitCode(), errors.Join(err, shop.Shutdown(last))
}
