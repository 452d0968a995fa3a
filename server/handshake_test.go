package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/server"
)

// G10: a handshake that the WebSocket refuses is answered as every other request that is wrong.
func TestAHandshakeIsRefusedWithAProblem(t *testing.T) {
	srv, err := server.New(options(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- srv.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+srv.Addr().String()+"/v1/ws", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
		"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "graphql-ws",
	} {
		r.Header.Set(name, value)
	}
	defer http.DefaultClient.CloseIdleConnections()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var p struct{ Code lastcall.Code }
	if err := json.NewDecoder(resp.Body).Decode(&p); err != nil || p.Code != lastcall.CodeInvalidRequest {
		t.Errorf("problem %+v, %v", p, err)
	}
	if h := resp.Header; h.Get("Content-Type") != "application/problem+json" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", h)
	}
}
