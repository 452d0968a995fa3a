package witness

import (
	"slices"
	"strings"
)

// Conversation is what was said on a connection.
type Conversation struct{ In, Out Stream }

// Stream is what went one way.
type Stream struct {
	Bytes  []byte
	pieces []piece
}

// piece is the part of a stream that one call carried.
type piece struct {
	end  int // in Bytes
	call *Call
}

// carrier is the call that carried the byte at an offset.
func (s *Stream) carrier(offset int) *Call {
	i, _ := slices.BinarySearchFunc(s.pieces, offset, func(p piece, at int) int {
		if p.end <= at {
			return -1
		}
		return 1
	})
	return s.pieces[i].call
}

// conversations sorts what went over sockets by connection, in the order of their beginning. A socket's number is never
// given twice, as a descriptor's is.
func conversations(calls []Call) []*Conversation {
	byPath := map[string]*Conversation{}
	var all []*Conversation
	for i := range calls {
		c := &calls[i]
		if !strings.HasPrefix(c.Path, "socket:") || !c.OK() || len(c.Data) == 0 {
			continue
		}
		conv := byPath[c.Path]
		if conv == nil {
			conv = &Conversation{}
			byPath[c.Path] = conv
			all = append(all, conv)
		}
		way := &conv.Out
		if c.Name == "read" || c.Name == "recvfrom" {
			way = &conv.In
		}
		way.Bytes = append(way.Bytes, c.Data...)
		way.pieces = append(way.pieces, piece{len(way.Bytes), c})
	}
	return all
}
