package main

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/lastcall-dev/lastcall/drain"
)

// thought is how long every answer takes.
const thought = time.Second

var upgrader = websocket.Upgrader{}

// conversation is one WebSocket: every message is answered, after a while.
type conversation struct {
	conn *websocket.Conn
	mu   sync.Mutex // held while a message is being answered
}

func talk(w http.ResponseWriter, r *http.Request) {
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // Upgrade has answered
	}
	defer func() { _ = conn.Close() }() // drain may have closed it
	c := &conversation{conn: conn}
	drain.OnDrain(r.Context(), c.farewell)
	for {
		kind, message, err := conn.ReadMessage()
		if err != nil {
			return // the client has gone, or answered the farewell
		}
		if err := c.answer(kind, message); err != nil {
			return
		}
	}
}

func (c *conversation) answer(kind int, message []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	<-time.After(thought)
	return c.conn.WriteMessage(kind, append([]byte("you said: "), message...))
}

// farewell sends the close frame when the answer under way has been given. It
// does not wait for the client's: if none comes, drain closes the connection a
// second later. And if the answer never ends, drain closes it at hand_back.
func (c *conversation) farewell(context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	restart := websocket.FormatCloseMessage(websocket.CloseServiceRestart, "come back in a moment")
	// The client may have gone already; then there is nobody to tell.
	_ = c.conn.WriteControl(websocket.CloseMessage, restart, time.Now().Add(time.Second))
}
