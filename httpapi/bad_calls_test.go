package httpapi

import (
	"strings"

	"github.com/lastcall-dev/lastcall"
)

const (
	oneRetry  = oneTask + "/retry"
	onePause  = "/v1/queues/default/pause"
	oneResume = "/v1/queues/default/resume"
	batchPath = "/v1/tasks:batch"
	cursorEnd = ":99999999999999999999"
)

// badCalls are wrong requests of the calls that act on one task, on a queue, and on events.
func badCalls() []bad {
	const form, picture = "Content-Type: text/plain", "Accept: image/png"
	list := []bad{
		post("a retry of what may yet succeed", "").to(oneRetry).with(lastcall.CodeNotRetryable),
		post("a retry with two keys", "", "Idempotency-Key").to(oneRetry).having("Idempotency-Key: a", "Idempotency-Key: b"),
		forget("what is not finished", oneTask, "").with(lastcall.CodeNotFinished),
		read("an unknown parameter of the log", oneTask+"/log?x=1", "x"),
		read("a log in JSON", oneTask+"/log").with(lastcall.CodeNotAcceptable, "Accept: application/json"),
		read("an unknown parameter of a task's events", oneTask+"/events?after=e:1", "after"),
		read("an unknown parameter of events", "/v1/events?limit=1", "limit"),
		read("a client that is none", "/v1/events?client=", "client"),
		read("an empty position", "/v1/events?after=", "after"),
		read("a position of nothing", "/v1/events?after=:1", "after"),
		read("a position without a number", "/v1/events?after=e", "after"),
		read("a position before the first", "/v1/events?after=e:-1", "after"),
		read("a position beyond int64", "/v1/events?after=e"+cursorEnd, "after"),
		read("a position twice", "/v1/events?after=e:1&after=e:1", "after"),
		read("a last event that is none", "/v1/events", "Last-Event-ID").having("Last-Event-ID: 57"),
		read("two last events", "/v1/events", "Last-Event-ID").having("Last-Event-ID: e:1", "Last-Event-ID: e:1"),
		read("a wait in words", "/v1/events?wait=long", "wait"),
		read("a wait of a stream", "/v1/events?wait=1s", "wait").having("Accept: text/event-stream"),
		post("a queue too long", "", "queue").to("/v1/queues/" + long + "/pause"),
		post("a queue that is no text", "", "queue").to("/v1/queues/%ff/resume"),
		post("a queue of control characters", "", "queue").to("/v1/queues/%00/pause"),
	}
	for _, target := range []string{oneTask + "/log", oneTask + "/events", "/v1/events"} {
		list = append(list, read("wants a picture", target).with(lastcall.CodeNotAcceptable, picture))
	}
	for _, target := range []string{"/v1/tasks/0190-0002/log", "/v1/tasks/0190-0002/events", "/v1/tasks/" + long + "/log", "/v1/tasks/%00/events"} {
		list = append(list, read("no such task", target).with(lastcall.CodeNotFound))
	}
	list = append(
		list, read("no such task to follow", "/v1/tasks/0190-0002/events").with(lastcall.CodeNotFound, "Accept: text/event-stream"),
		post("a retry of nothing", "").to("/v1/tasks/0190-0002/retry").with(lastcall.CodeNotFound),
		post("a retry of no id", "").to("/v1/tasks/"+long+"/retry").with(lastcall.CodeNotFound),
		forget("nothing", "/v1/tasks/0190-0002", "").with(lastcall.CodeNotFound),
		forget("no id", "/v1/tasks/"+long, "").with(lastcall.CodeNotFound),
		forget("with a parameter", oneTask+"?force=true", "", "force"),
		forget("with a body", oneTask, `{"why":1}`, "why"),
		forget("with a form", oneTask, `a=b`).with(lastcall.CodeUnsupportedMediaType, form),
		forget("with too much", oneTask, tooMuch).with(lastcall.CodeTooLarge),
	)
	for _, target := range []string{oneRetry, onePause, oneResume} {
		list = append(
			list, post("with a parameter", "", "wait").to(target+"?wait=1s"),
			post("with a body", `{"why":1}`, "why").to(target),
			post("with half a body", `{`, "body").to(target),
			post("with a form", `a=b`).to(target).with(lastcall.CodeUnsupportedMediaType, form),
			post("with too much", tooMuch).to(target).with(lastcall.CodeTooLarge),
			post("that wants a picture", "").to(target).with(lastcall.CodeNotAcceptable, picture),
		)
	}
	return list
}

// forget is a DELETE that is wrong.
func forget(why, target, body string, fields ...string) bad {
	return bad{why: "forget " + why, method: "DELETE", target: target, body: body, code: lastcall.CodeInvalidRequest, fields: fields}
}

// having is the same with headers.
func (b bad) having(headers ...string) bad {
	b.headers = headers
	return b
}

// badBatches are wrong batches. The fields of each task are those of a submit, with its place.
func badBatches() []bad {
	batch := func(why, body string, fields ...string) bad {
		return post("a batch: "+why, body, fields...).to(batchPath)
	}
	const good = `{"tasks":[{"type":"echo"}]}`
	huge := `{"tasks":[{"type":"echo","input":"` + strings.Repeat("x", 16<<20) + `"}]}`
	return []bad{
		batch("no body", "").with(lastcall.CodeInvalidRequest, "Content-Type: application/json"),
		batch("an array", `[{"type":"echo"}]`, "body"),
		batch("half of it", `{"tasks":[{"type":"echo"}`, "body"),
		batch("no tasks", `{}`, "tasks"),
		batch("tasks null", `{"tasks":null}`, "tasks"),
		batch("tasks an object", `{"tasks":{"type":"echo"}}`, "tasks"),
		batch("none", `{"tasks":[ ]}`, "tasks"),
		batch("one too many", `{"tasks":[`+strings.Repeat(`{"type":"echo"},`, 1000)+`{"type":"echo"}]}`, "tasks"),
		batch("given twice", `{"tasks":[{"type":"echo"}],"tasks":[]}`, "tasks"),
		batch("something besides", `{"tasks":[{"type":"echo"}],"client":"alice","x":null}`, "client", "x"),
		batch("of what are no tasks", `{"tasks":[{"type":"echo"},1,null,"a",[{"type":"echo"}]]}`,
			"tasks#1", "tasks#2", "tasks#3", "tasks#4"),
		batch("one of them wrong", `{"tasks":[{"type":"echo"},{"type":"echo","priority":"high","colour":1},{"type":"echo"}]}`,
			"colour#1", "priority#1"),
		batch("wrong in two ways", `{"tasks":[{"type":"`+long+`"},{}]}`, "type#0", "type#1"),
		batch("a field of a task twice", `{"tasks":[{"type":"echo","type":"echo"}]}`, "type#0"),
		batch("too deep", `{"tasks":[{"type":"echo","input":`+strings.Repeat("[", 64)+strings.Repeat("]", 64)+`}]}`, "body"),
		batch("a key that is empty", `{"tasks":[{"type":"echo","idempotency_key":""}]}`, "idempotency_key#0"),
		batch("a key that is no text", `{"tasks":[{"type":"echo"},{"type":"echo","idempotency_key":7}]}`, "idempotency_key#1"),
		batch("a key too long", `{"tasks":[{"type":"echo","idempotency_key":"`+strings.Repeat("k", 256)+`"}]}`, "idempotency_key#0"),
		batch("a key of control characters", `{"tasks":[{"type":"echo","idempotency_key":"a\tb"}]}`, "idempotency_key#0"),
		batch("a key for all", good, "Idempotency-Key").having("Idempotency-Key: k"),
		batch("a parameter", good, "type").to(batchPath + "?type=echo"),
		batch("a type that nobody runs", `{"tasks":[{"type":"echo"},{"type":"nobody"},{"type":"nothing"}]}`).with(lastcall.CodeUnknownType),
		batch("a form", `tasks=1`).with(lastcall.CodeUnsupportedMediaType, "Content-Type: application/x-www-form-urlencoded"),
		batch("that wants a picture", good).with(lastcall.CodeNotAcceptable, "Accept: image/png"),
		batch("more than 16 MiB", huge).with(lastcall.CodeTooLarge),
		post("a submit with the key of a batch", `{"type":"echo","idempotency_key":"k"}`, "idempotency_key"),
	}
}
