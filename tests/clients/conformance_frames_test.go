package clients_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// maxFrame is the most that a message may have; docs/clients.md says so.
const maxFrame = 64 << 10

// framing: sections 5.1 and 5.2.
func framing() (list []conformance) {
	for _, bit := range []byte{rsv1, rsv2, rsv3, rsv1 | rsv2 | rsv3} {
		what := fmt.Sprintf("reserved bits %03b without an extension", bit>>4)
		list = append(list, conformance{"5.2", what, frame(fin|bit|opText, bye), against})
	}
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		list = append(list, conformance{"5.2", fmt.Sprintf("reserved opcode %d", op), frame(fin|op, ""), against})
	}
	for _, n := range []int{len(bye) + 9, 125, 126, 127, 4096, 65535, 65536} {
		list = append(list, conformance{"5.2", fmt.Sprintf("a message of %d bytes", n), text(byeOf(n)), wellServed})
	}
	return append(list,
		conformance{"5.1", "a frame that is not masked", framed(fin|opText, byte(len(bye)), nil, bye), against},
		conformance{"5.1", "a ping that is not masked", framed(fin|opPing, 2, nil, "hi"), against},
		conformance{"5.3", "a mask of zeros", append([]byte{fin | opText, masked | byte(len(bye)), 0, 0, 0, 0}, bye...), wellServed},
		conformance{"5.2", "no payload in a text frame, which is no JSON", text(""), notOurs},
		conformance{"10.4", "a message longer than this server takes", text(byeOf(maxFrame + 1)), notOurs},
		conformance{
			"10.4", "a message longer than this server takes, in pieces",
			pieces(byeOf(maxFrame+10), nil, 20_000, 20_000, 20_000), notOurs,
		},
		conformance{"10.4", "a message of an exabyte, announced", all(long(1<<60), make([]byte, maxFrame+1)), notOurs},
		conformance{
			"10.4", "30,000 levels of JSON",
			text(`{"t":"bye","pad":` + strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000) + "}"), notOurs,
		},
		conformance{"5.2", "a length with the top bit", long(1 << 63), tooBig},
		conformance{"5.2", "a length with all bits", long(1<<64 - 1), tooBig},
		conformance{"5.2", "pieces whose lengths have the top bit together", all(frame(opText, "x"), longOf(opMore, 1<<63-1)), tooBig},
		// The RFC forbids lengths in more bytes than they need, and says nothing of who meets one: there is one way to
		// read it, and it is read.
		conformance{"5.2", "a short length in 16 bits (taken)", framed(fin|opText, masked|126, []byte{0, byte(len(bye))}, bye), wellServed},
		conformance{
			"5.2", "a short length in 64 bits (taken)",
			framed(fin|opText, masked|127, binary.BigEndian.AppendUint64(nil, uint64(len(bye))), bye), wellServed,
		},
		conformance{"5.6", "a binary frame, which this subprotocol has none of", frame(fin|opBinary, bye), notOurs},
		conformance{"5.6", "a binary frame in pieces", all(frame(opBinary, bye[:3]), frame(fin|opMore, bye[3:])), notOurs},
		conformance{"5", "many frames at once", all(slices.Repeat(text(`{"t":"x"}`), 500), text(bye)), wellServed},
	)
}

// long is the head of a text frame of any length.
func long(n uint64) []byte { return longOf(opText, n) }

func longOf(op byte, n uint64) []byte {
	return framed(fin|op, masked|127, binary.BigEndian.AppendUint64(nil, n), "")
}

// fragments: section 5.4.
func fragments() []conformance {
	ping := frame(fin|opPing, "between")
	ones := slices.Repeat([]int{1}, len(bye)-1)
	empty := slices.Repeat([]int{0}, 20)
	const of = "5.4"
	return []conformance{
		{of, "two fragments", pieces(bye, nil, 5), wellServed},
		{of, "fragments of one byte", pieces(bye, nil, ones...), wellServed},
		{of, "fragments of nothing around the message", all(pieces(bye, nil, append(append(empty, len(bye)), empty...)...)), wellServed},
		{of, "an empty first and an empty last fragment", all(frame(opText, ""), frame(opMore, bye), frame(fin|opMore, "")), wellServed},
		{of, "a message of nothing in fragments", all(frame(opText, ""), frame(fin|opMore, "")), notOurs},
		{of, "a ping between fragments", pieces(bye, ping, 5), append([]string{"pong: between"}, wellServed...)},
		{of, "a pong between all fragments", pieces(bye, frame(fin|opPong, "x"), ones...), wellServed},
		{of, "a close between fragments", pieces(bye, closing(1000, ""), 5), []string{"close: 1000", ended}},
		{of, "two messages in fragments", all(pieces(`{"t":"x"}`, nil, 3), pieces(bye, nil, 3)), wellServed},
		{of, "a continuation of nothing", frame(fin|opMore, bye), against},
		{of, "a continuation of nothing that goes on", frame(opMore, bye), against},
		{of, "a continuation behind a whole message", all(text(`{"t":"x"}`), frame(fin|opMore, bye)), against},
		{of, "a text frame within a message", all(frame(opText, `{"t":`), text(bye)), against},
		{of, "a binary frame within a message", all(frame(opText, `{"t":`), frame(fin|opBinary, bye)), against},
		{of, "a ping in fragments", all(frame(opPing, "a"), frame(fin|opMore, "b")), against},
		{of, "a close in fragments", all(frame(opClose, "\x03\xe8"), frame(fin|opMore, "")), against},
		{of, "a pong in fragments within a message", all(frame(opText, "{"), frame(opPong, "a")), against},
	}
}

// controls: section 5.5, but for close frames.
func controls() []conformance {
	most := strings.Repeat("p", 125)
	return []conformance{
		{"5.5.2", "a ping of nothing", all(frame(fin|opPing, ""), text(bye)), append([]string{"pong: "}, wellServed...)},
		{"5.5.2", "a ping of 125 bytes", all(frame(fin|opPing, most), text(bye)), append([]string{"pong: " + most}, wellServed...)},
		{"5.5.2", "a ping that is no text", all(frame(fin|opPing, "\x00\xff"), text(bye)), append([]string{"pong: \x00\xff"}, wellServed...)},
		{"5.5", "a ping of 126 bytes", frame(fin|opPing, most+"p"), against},
		{"5.5", "a pong of 126 bytes", frame(fin|opPong, most+"p"), against},
		{"5.5", "a close of 126 bytes", closing(1000, most[:124]), against},
		{"5.5", "a ping whose length takes 64 bits", framed(fin|opPing, masked|127, make([]byte, 8), ""), against},
		{"5.5.3", "a pong that nobody asked for", all(frame(fin|opPong, ""), frame(fin|opPong, most), frame(fin|opPong, "7"), text(bye)), wellServed},
		{"5.5.1", "a ping behind a close is not answered", all(closing(1000, ""), frame(fin|opPing, "late")), []string{"close: 1000", ended}},
		{"5.5.1", "a message behind a close is not read", all(closing(1000, ""), text("nonsense")), []string{"close: 1000", ended}},
		{"5.5.1", "nonsense behind a close is not read", all(closing(3000, ""), framed(0xff, 0x7f, nil, most)), []string{"close: 3000", ended}},
		{"5.5.1", "a close behind a close is not answered", all(closing(1001, ""), closing(1000, "")), []string{"close: 1001", ended}},
		{
			"5.5.1", "64 KiB behind a close do not take its answer away",
			all(closing(1000, ""), make([]byte, 64<<10)),
			[]string{"close: 1000", ended},
		},
		{"7.1.7", "64 KiB behind a mistake do not take its answer away", all(frame(fin|rsv1|opText, ""), make([]byte, 64<<10)), against},
	}
}
