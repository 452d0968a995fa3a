// Package server puts lastcall together: a store, the worker that runs its queue, the hub that tells its clients, the
// HTTP surface, and the drain that takes all of it down in order.
//
// It is what cmd/lastcall runs and what a Go program embeds:
//
//	srv, err := server.New(server.Options{Listen: "127.0.0.1:8080", Store: "sqlite:lastcall.db"})
//	lastcall.Handle(srv, "render", render)
//	err = srv.Run(ctx)
//
// New opens the store and binds the listener, so that what can be wrong with either is known before anything runs. Run
// blocks until SIGTERM, SIGINT, POST /v1/drain or the end of its context has started the drain and the drain is over.
//
// The goroutines of a server are started in Run: one each for the store's hints, the hub, the sockets' clock, the worker
// and the listener, and they are waited for before Run returns. Only the store's writer begins in New, with the store.
package server
