package server

import (
	"bytes"
	"log"
	"log/slog"
	"net/http"

	"github.com/lastcall-dev/lastcall/httpapi"
	"github.com/lastcall-dev/lastcall/httpapi/ws"
)

// sockets lets httpapi hand its handshakes over.
type sockets struct{ *ws.Server }

func (s sockets) Serve(w http.ResponseWriter, r *http.Request, who httpapi.Identity) {
	// Without tokens whoever reaches the listener is trusted alike, so everyone may watch.
	s.Server.Serve(w, r, ws.Identity{Client: who.Client, Service: true})
}

// drainView is the drain as httpapi sees it.
type drainView struct{ n *node }

func (v drainView) Phase() string             { return string(v.n.drainer.Phase()) }
func (v drainView) Ready() bool               { return v.n.drainer.Ready() }
func (v drainView) Told() bool                { return v.n.drainer.Told() }
func (v drainView) Leaving() bool             { return v.n.drainer.Leaving() }
func (v drainView) Refusing() bool            { return v.n.drainer.Refusing() }
func (v drainView) Status() any               { return v.n.drainer.Status() }
func (v drainView) CountRefused()             { v.n.drainer.CountRefused() }
func (v drainView) WaitsEnd() <-chan struct{} { return v.n.waits.ends() }

func (v drainView) Start(reason string) {
	v.n.drainer.Start(reason)
	<-v.n.drainer.Begun()
}

// errorLog takes what net/http has to say of single connections, which is seldom more than a client gone.
func errorLog(l *slog.Logger) *log.Logger { //nolint:forbidigo // what http.Server asks for
	return log.New(debugLines{l}, "", 0) //nolint:forbidigo // it leads to slog
}

type debugLines struct{ log *slog.Logger }

func (d debugLines) Write(line []byte) (int, error) {
	d.log.Debug("http", "message", string(bytes.TrimSpace(line)))
	return len(line), nil
}
