package witness

import (
	"encoding/binary"
	"io"
)

// message reads the next text message that a server has sent on a WebSocket (RFC 6455, section 5.2: servers do not
// mask), and where it began.
func (r *reader) message() (text []byte, begin int, err error) {
	begin = r.offset()
	for {
		var head [2]byte
		if _, err := io.ReadFull(r.buf, head[:]); err != nil {
			return nil, 0, err
		}
		part, err := r.payload(head[1] & 0x7f)
		if err != nil {
			return nil, 0, err
		}
		final, opcode := head[0]&0x80 != 0, head[0]&0x0f
		if opcode >= 8 { // a ping, pong or close may stand between the parts of a message
			if len(text) == 0 {
				begin = r.offset()
			}
			continue
		}
		if text = append(text, part...); final {
			return text, begin, nil
		}
	}
}

// payload reads what a frame carries, given its length as the second byte says it.
func (r *reader) payload(length byte) ([]byte, error) {
	n := uint64(length)
	var long [8]byte
	if bytes := map[byte]int{126: 2, 127: 8}[length]; bytes > 0 {
		if _, err := io.ReadFull(r.buf, long[8-bytes:]); err != nil {
			return nil, err
		}
		n = binary.BigEndian.Uint64(long[:])
	}
	if n > uint64(r.size-r.offset()) {
		return nil, io.ErrUnexpectedEOF
	}
	part := make([]byte, n)
	_, err := io.ReadFull(r.buf, part)
	return part, err
}
