package contract

import (
	"strings"

	"github.com/lastcall-dev/lastcall/tests/exchange"
)

// unsayable are what requests are refused for although the contract allows them, as OpenAPI has no words for it, or
// words that make the file hard to read. Each stands in a sentence there. They are parts of the answer's text, which
// only people and this test read.
var unsayable = []string{
	// The bytes of a body, rather than what they mean.
	"is not valid UTF-8", "must be a string of valid text", "must be printable UTF-8", "is nested deeper than",
	// Something said twice.
	"is given more than once",
	// How long a duration is, how far away a time.
	"must be a duration", "must be more than 0s", "must be from 0s to", "must be from 5s to", "must be within",
	// Lists and names within a query, and what only the store knows.
	"is none of scheduled", "must be 1 to 128 bytes long", "is not properly escaped", "is not the next of an earlier page",
	// A key is bytes of a header.
	"must be 1 to 255 bytes of printable text",
	// How an answer is wanted decides which parameters there are.
	"a stream waits anyway",
	// Connection is a list of words.
	"the request must be an upgrade",
}

// beyondWords reports whether a request was refused for one of them.
func beyondWords(e *exchange.Exchange) bool {
	for _, part := range unsayable {
		if strings.Contains(string(e.Answer), part) {
			return true
		}
	}
	return false
}
