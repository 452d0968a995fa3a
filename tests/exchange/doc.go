// Package exchange notes what tests ask over HTTP and what they are answered, so that all of it can be held against
// openapi.yaml afterwards. The library that does that brings many modules of others along, so it lives in a module of its
// own, tests/contract; the tests of this module only take notes.
//
// Notes are taken where the environment names a directory for them; everywhere else Handler and Transport hand their
// argument back. Every process writes a file of its own, one JSON object a line. A request that opens a WebSocket is
// noted up to its 101, without what follows.
package exchange
