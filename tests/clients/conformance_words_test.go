package clients_test

import (
	"fmt"
	"strings"
)

// words: sections 5.6 and 8.1, text is UTF-8. A message that is not is a bad frame as any other that is no JSON: the
// server ends the connection, as the RFC demands, with the code 4000 of its subprotocol, which says more than the RFC's 1007: do
// not come back unchanged.
func words() (list []conformance) {
	const of, all4 = "8.1", "µ € 日本語 🏁 \U0010ffff \ufeff \ufffe"
	message := `{"t":"bye","pad":"` + all4 + `"}`
	list = append(list,
		conformance{of, "text of one to four bytes a letter", text(message), wellServed},
		conformance{of, "text that is cut within its letters", pieces(message, nil, ones(len(message)-1)...), wellServed},
		conformance{
			of, "text that is cut within its letters, with pings between",
			pieces(message, frame(fin|opPong, "x"), ones(len(message)-1)...), wellServed,
		},
		conformance{of, "a NUL, escaped", text(`{"t":"bye","pad":"\u0000"}`), wellServed},
		conformance{of, "half a pair of surrogates, escaped, in what is not read", text(`{"t":"bye","pad":"\ud800"}`), wellServed},
	)
	for what, bytes := range map[string]string{
		"a slash in two bytes":          "\xc0\xaf",
		"a slash in three bytes":        "\xe0\x80\xaf",
		"a slash in four bytes":         "\xf0\x80\x80\xaf",
		"a NUL in two bytes":            "\xc0\x80",
		"the first surrogate":           "\xed\xa0\x80",
		"the last surrogate":            "\xed\xbf\xbf",
		"a pair of surrogates":          "\xed\xa0\xbd\xed\xb8\x80",
		"U+110000":                      "\xf4\x90\x80\x80",
		"five bytes":                    "\xf8\x88\x80\x80\x80",
		"six bytes":                     "\xfc\x84\x80\x80\x80\x80",
		"a continuation of nothing":     "\x80",
		"two bytes of three":            "\xe2\x82",
		"three bytes of four":           "\xf0\x9f\x8f",
		"what is never a byte of UTF-8": "\xfe\xff",
	} {
		message := `{"t":"bye","pad":"` + bytes + `"}`
		list = append(list,
			conformance{of, "not UTF-8: " + what + " (4000)", text(message), notOurs},
			conformance{of, "not UTF-8, in pieces: " + what + " (4000)", pieces(message, nil, 19), notOurs},
			conformance{of, "not UTF-8, in a close: " + what + " (1002)", closing(1000, bytes), against},
		)
	}
	return append(list, conformance{of, "a message that ends within a letter (4000)", text("{\"t\":\"bye\"}\xe2\x82"), notOurs})
}

func ones(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = 1
	}
	return list
}

// ends: sections 5.5.1 and 7.4, how a connection is closed. The server echoes the code.
func ends() (list []conformance) {
	for _, code := range []uint16{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 3000, 3999, 4000, 4999} {
		want := fmt.Sprintf("close: %d", code)
		list = append(list, conformance{"7.4.1", fmt.Sprintf("close code %d", code), closing(code, ""), []string{want, ended}})
	}
	// 1014 is registered for gateways, to be said to clients: none says it to a server.
	for _, code := range []uint16{0, 1, 999, 1004, 1005, 1006, 1014, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		list = append(list, conformance{"7.4.2", fmt.Sprintf("close code %d, which nobody may send", code), closing(code, ""), against})
	}
	const of = "5.5.1"
	return append(list,
		conformance{of, "a close of nothing", frame(fin|opClose, ""), []string{"close", ended}},
		// The RFC has no close of one byte; the server's library takes it for one of none.
		conformance{of, "a close of one byte (taken for none)", frame(fin|opClose, "\x03"), []string{"close", ended}},
		conformance{of, "a close with a reason", closing(1000, "au revoir, à bientôt"), []string{"close: 1000", ended}},
		conformance{of, "a close with the longest reason", closing(1000, strings.Repeat("r", 123)), []string{"close: 1000", ended}},
		conformance{of, "a close with a reason of 124 bytes", closing(1000, strings.Repeat("r", 124)), against},
		conformance{of, "a close behind a bye, as the answer to its close", all(text(bye), closing(1000, "")), wellServed},
		conformance{of, "a close behind a message", all(text(`{"t":"x"}`), closing(1001, "")), []string{"close: 1001", ended}},
	)
}
