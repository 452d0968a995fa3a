package ws

// Close codes carry a verdict: 4000 to 4099 do not come back unchanged, 4100 to 4199 come back with backoff, 4200 to
// 4299 come back at once. 1000 is never sent on a restart: many clients take it for "stay away".
const (
	CodeNormal             = 1000 // the answer to bye
	CodeHardStop           = 1001
	CodeInternal           = 1011
	CodeRestart            = 1012 // reconnect after after_ms, else after 1 to 10 s at random
	CodeBadFrame           = 4000
	CodeForbidden          = 4003
	CodeTooManyConnections = 4007
	CodeSlowConsumer       = 4100
	CodeNoPong             = 4102
)

// reasons are the short texts that go with the codes in a close frame.
var reasons = map[int]string{
	CodeNormal:             "bye",
	CodeHardStop:           "hard_stop",
	CodeInternal:           "internal",
	CodeRestart:            "service_restart",
	CodeBadFrame:           "bad_frame",
	CodeForbidden:          "forbidden",
	CodeTooManyConnections: "too_many_connections",
	CodeSlowConsumer:       "slow_consumer",
	CodeNoPong:             "no_pong",
}
