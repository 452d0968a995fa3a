package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// socket is a WebSocket of a client that costs next to nothing: ten thousand of them, and what they receive, share the
// machine with the server that is measured.
type socket struct {
	conn net.Conn
	in   *bufio.Reader
}

// What a frame is (RFC 6455, 5.2).
const (
	textFrame  = 0x1
	closeFrame = 0x8
	pingFrame  = 0x9
	pongFrame  = 0xA
)

// openSocket connects, says hello and waits for the welcome.
func openSocket(ctx context.Context, addr, client string) (*socket, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	s := &socket{conn, bufio.NewReaderSize(conn, 512)}
	if err := s.greet(addr, client); err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("connect %s: %w", client, err)
	}
	return s, nil
}

func (s *socket) greet(addr, client string) error {
	_, err := fmt.Fprintf(s.conn, "GET /v1/ws?client=%s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: lastcall.v1\r\n\r\n", client, addr)
	if err != nil {
		return err
	}
	status, err := s.in.ReadString('\n')
	if err != nil {
		return err
	}
	if !strings.HasPrefix(status, "HTTP/1.1 101") {
		return errors.New(strings.TrimSpace(status))
	}
	for line := status; strings.TrimSpace(line) != ""; {
		if line, err = s.in.ReadString('\n'); err != nil {
			return err
		}
	}
	if err := s.write(textFrame, []byte(`{"t":"hello"}`)); err != nil {
		return err
	}
	frame, err := s.read()
	if err == nil && !strings.Contains(string(frame), `"welcome"`) {
		err = fmt.Errorf("no welcome but %q", frame)
	}
	return err
}

// write sends a short frame. The mask has to be there; zeros hide nothing, and there is nobody to hide from.
func (s *socket) write(kind byte, text []byte) error {
	frame := append([]byte{0x80 | kind, 0x80 | byte(len(text)), 0, 0, 0, 0}, text...)
	_, err := s.conn.Write(frame)
	return err
}

// read returns the next message, and answers the server's pings meanwhile, and its close.
func (s *socket) read() ([]byte, error) {
	for {
		var head [2]byte
		if _, err := io.ReadFull(s.in, head[:]); err != nil {
			return nil, err
		}
		length := uint64(head[1] & 0x7f)
		if length == 126 {
			var long [2]byte
			if _, err := io.ReadFull(s.in, long[:]); err != nil {
				return nil, err
			}
			length = uint64(binary.BigEndian.Uint16(long[:]))
		}
		text := make([]byte, length)
		if _, err := io.ReadFull(s.in, text); err != nil {
			return nil, err
		}
		switch kind := head[0] & 0xf; kind {
		case textFrame:
			return text, nil
		case pingFrame:
			if err := s.write(pongFrame, text); err != nil {
				return nil, err
			}
		case closeFrame:
			_ = s.write(closeFrame, text[:min(len(text), 2)]) // the code is answered as it came, if anybody still reads
			return nil, fmt.Errorf("closed by the server: %q", text)
		default:
			return nil, fmt.Errorf("a frame of kind %d: %q", kind, text)
		}
	}
}
