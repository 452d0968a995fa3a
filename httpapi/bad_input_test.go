package httpapi

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
)

// bad is a request that must be refused: with its code, and naming the fields that are wrong.
type bad struct {
	why     string
	method  string
	target  string
	body    string
	headers []string
	code    lastcall.Code
	fields  []string // of invalid_request, sorted
}

// post is a submit that is wrong in the given fields.
func post(why, body string, fields ...string) bad {
	return bad{why: why, method: "POST", target: "/v1/tasks", body: body, code: lastcall.CodeInvalidRequest, fields: fields}
}

// read is a GET with wrong parameters.
func read(why, target string, fields ...string) bad {
	return bad{why: why, method: "GET", target: target, code: lastcall.CodeInvalidRequest, fields: fields}
}

// with is the same with headers and another code.
func (b bad) with(code lastcall.Code, headers ...string) bad {
	b.code, b.headers, b.fields = code, headers, nil
	return b
}

// to is the same, sent elsewhere.
func (b bad) to(target string) bad {
	b.target = target
	return b
}

const (
	oneTask   = "/v1/tasks/0190-0001"
	oneCancel = oneTask + "/cancel"
)

var (
	long    = strings.Repeat("x", 129)
	tooMuch = `{"why":"` + strings.Repeat("x", 1<<20) + `"}`
)

func badBodies() []bad {
	return []bad{
		post("no body", "").with(lastcall.CodeInvalidRequest, "Content-Type: application/json"),
		post("blanks only", " \n", "body"),
		post("an array", `[{"type":"echo"}]`, "body"),
		post("a string", `"echo"`, "body"),
		post("a number", `7`, "body"),
		post("null", `null`, "body"),
		post("half an object", `{"type":"echo"`, "body"),
		post("no quotes", `{type:"echo"}`, "body"),
		post("a comma too many", `{"type":"echo",}`, "body"),
		post("something behind it", `{"type":"echo"} {}`, "body"),
		post("NaN", `{"type":"echo","input":NaN}`, "body"),
		post("a control character", "{\"type\":\"echo\",\"input\":\"\x01\"}", "body"),
		post("invalid UTF-8 in the input", "{\"type\":\"echo\",\"input\":\"\xff\"}", "body"),
		post("invalid UTF-8 in a name", "{\"type\":\"ec\xc3ho\"}", "body"),
		post("a BOM", "\ufeff{\"type\":\"echo\"}", "body"),
		post("too deep", `{"type":"echo","input":`+strings.Repeat("[", 64)+strings.Repeat("]", 64)+`}`, "body"),
		post("much too deep", strings.Repeat(`{"a":`, 100_000)+"1"+strings.Repeat("}", 100_000), "body"),
		post("an unknown field", `{"type":"echo","colour":"red"}`, "colour"),
		post("an unknown field that is null", `{"type":"echo","colour":null}`, "colour"),
		post("another case", `{"Type":"echo"}`, "Type", "type"),
		post("a very long unknown field", `{"type":"echo","`+strings.Repeat("ä", 100)+`":1}`, strings.Repeat("ä", 32)+"…"),
		post("a field twice", `{"type":"echo","queue":"a","queue":"b"}`, "queue"),
		post("a field twice, escaped", `{"type":"echo","\u0074ype":"slow"}`, "type"),
		post("a name that is no text", `{"type":"echo","\ud800":1}`, "body"),
		post("everything wrong at once", `{"type":1,"queue":2,"client":[],"priority":"high","run_at":5,"delay":5,"max_attempts":"5",
			"timeout":5,"expires_in":{},"labels":[],"webhook":{"url":"https://example.com"},"tpye":0}`,
			"client", "delay", "expires_in", "labels", "max_attempts", "priority", "queue", "run_at", "timeout", "tpye", "type", "webhook"),
	}
}

func badFields() []bad {
	list := []bad{
		post("no type", `{}`, "type"),
		post("type null", `{"type":null}`, "type"),
		post("webhook", `{"type":"echo","webhook":{"url":"https://example.com","events":[]}}`, "webhook"),
		post("priority too low", `{"type":"echo","priority":-101}`, "priority"),
		post("priority too high", `{"type":"echo","priority":101}`, "priority"),
		post("priority a fraction", `{"type":"echo","priority":1.5}`, "priority"),
		post("priority huge", `{"type":"echo","priority":1e400}`, "priority"),
		post("priority a bool", `{"type":"echo","priority":true}`, "priority"),
		post("no attempts", `{"type":"echo","max_attempts":0}`, "max_attempts"),
		post("fewer than no attempts", `{"type":"echo","max_attempts":-1}`, "max_attempts"),
		post("too many attempts", `{"type":"echo","max_attempts":1001}`, "max_attempts"),
		post("attempts beyond int", `{"type":"echo","max_attempts":99999999999999999999}`, "max_attempts"),
		post("run_at a date", `{"type":"echo","run_at":"2026-01-02"}`, "run_at"),
		post("run_at no date", `{"type":"echo","run_at":"2026-02-30T00:00:00Z"}`, "run_at"),
		post("run_at with a comma", `{"type":"echo","run_at":"2026-01-02T03:04:05,5Z"}`, "run_at"),
		post("run_at with an hour of one digit", `{"type":"echo","run_at":"2026-01-02T3:04:05Z"}`, "run_at"),
		post("run_at far east", `{"type":"echo","run_at":"2026-01-02T03:04:05+24:00"}`, "run_at"),
		post("run_at in words", `{"type":"echo","run_at":"tomorrow"}`, "run_at"),
		post("run_at too far", `{"type":"echo","run_at":"9999-01-02T03:04:05Z"}`, "run_at"),
		post("run_at and delay", `{"type":"echo","run_at":"2026-01-02T03:04:05Z","delay":"1s"}`, "delay"),
		post("labels of numbers", `{"type":"echo","labels":{"k":1,"l":null}}`, "labels.k", "labels.l"),
		post("a label twice", `{"type":"echo","labels":{"k":"1","k":"2"}}`, "labels"),
		post("a label without a name", `{"type":"echo","labels":{"":"v"}}`, "labels"),
		post("a label without a value", `{"type":"echo","labels":{"k":""}}`, "labels.k"),
		post("a label too long", `{"type":"echo","labels":{"k":"`+long+`","`+long+`":"v"}}`, "labels", "labels.k"),
		post("17 labels", `{"type":"echo","labels":{`+manyLabels(17)+`}}`, "labels"),
	}
	for _, name := range []string{"type", "queue", "client"} {
		for why, v := range map[string]string{
			"empty": `""`, "too long": `"` + long + `"`, "with a line break": `"a\nb"`, "with a NUL": `"a\u0000b"`,
			"half a pair": `"\ud83d"`, "a number": `1`, "an object": `{}`, "invisible": `"a\u200bb"`,
		} {
			body := `{"type":"echo","` + name + `":` + v + `}`
			if name == "type" {
				body = `{"type":` + v + `}`
			}
			list = append(list, post(name+" "+why, body, name))
		}
	}
	for _, name := range []string{"delay", "timeout", "expires_in"} {
		for why, v := range map[string]string{
			"a number": `5`, "without a unit": `"5"`, "in words": `"soon"`, "negative": `"-1s"`, "too long": `"9000h"`,
			"beyond int64": `"9999999999h"`, "empty": `""`, "in ISO 8601": `"PT5S"`,
		} {
			list = append(list, post(name+" "+why, `{"type":"echo","`+name+`":`+v+`}`, name))
		}
		if name != "delay" {
			list = append(list, post(name+" of nothing", `{"type":"echo","`+name+`":"0s"}`, name))
		}
	}
	return list
}

func manyLabels(n int) string {
	var l []string
	for i := range n {
		l = append(l, fmt.Sprintf(`"k%02d":"v"`, i))
	}
	return strings.Join(l, ",")
}

func badHeaders() []bad {
	good := post("", `{"type":"echo"}`)
	named := func(why string, fields []string, headers ...string) bad {
		b := good.with(lastcall.CodeInvalidRequest, headers...)
		b.why, b.fields = why, fields
		return b
	}
	because := func(why string, code lastcall.Code, headers ...string) bad {
		b := good.with(code, headers...)
		b.why = why
		return b
	}
	return []bad{
		named("an empty key", []string{"Idempotency-Key"}, "Idempotency-Key: "),
		named("a key too long", []string{"Idempotency-Key"}, "Idempotency-Key: "+strings.Repeat("k", 256)),
		named("a key that is no text", []string{"Idempotency-Key"}, "Idempotency-Key: a\tb"),
		named("two keys", []string{"Idempotency-Key"}, "Idempotency-Key: a", "Idempotency-Key: a"),
		named("an empty client", []string{"client"}, "Lastcall-Client: "),
		named("a client too long", []string{"client"}, "Lastcall-Client: "+long),
		named("a client that is no text", []string{"client"}, "Lastcall-Client: \xff"),
		named("two clients that differ", []string{"client"}, "Lastcall-Client: alice").to("/v1/tasks?client=bob"),
		named("two clients", []string{"client"}, "Lastcall-Client: alice", "Lastcall-Client: alice"),
		because("no content type", lastcall.CodeUnsupportedMediaType, "Content-Type: -"),
		because("a form", lastcall.CodeUnsupportedMediaType, "Content-Type: application/x-www-form-urlencoded"),
		because("text, as a page may send without asking", lastcall.CodeUnsupportedMediaType, "Content-Type: text/plain"),
		because("another charset", lastcall.CodeUnsupportedMediaType, "Content-Type: application/json; charset=latin1"),
		because("another kind of JSON", lastcall.CodeUnsupportedMediaType, "Content-Type: application/merge-patch+json"),
		because("no type at all", lastcall.CodeUnsupportedMediaType, "Content-Type: ;;"),
		because("compressed", lastcall.CodeUnsupportedMediaType, "Content-Encoding: gzip"),
		because("wants HTML only", lastcall.CodeNotAcceptable, "Accept: text/html"),
		because("wants anything but JSON", lastcall.CodeNotAcceptable, "Accept: */*, application/json;q=0"),
	}
}

func badQueries() []bad {
	list := []bad{
		read("an unknown parameter", "/v1/tasks?colour=red&client=a", "colour"),
		read("a parameter twice", "/v1/tasks?type=a&type=b&limit=1&limit=2", "limit", "type"),
		read("no status", "/v1/tasks?status=done", "status"),
		read("no status among others", "/v1/tasks?status=queued,,failed", "status"),
		read("an empty status", "/v1/tasks?status=", "status"),
		read("empty names", "/v1/tasks?type=&queue=&client=", "client", "queue", "type"),
		read("a name too long", "/v1/tasks?type="+long, "type"),
		read("a name that is no text", "/v1/tasks?queue=%ff", "queue"),
		read("limit 0", "/v1/tasks?limit=0", "limit"),
		read("limit 201", "/v1/tasks?limit=201", "limit"),
		read("a limit in words", "/v1/tasks?limit=all", "limit"),
		read("an empty limit", "/v1/tasks?limit=", "limit"),
		read("an empty cursor", "/v1/tasks?cursor=", "cursor"),
		read("a made-up cursor", "/v1/tasks?cursor=made-up", "cursor"),
		read("a long cursor", "/v1/tasks?cursor="+strings.Repeat("c", 513), "cursor"),
		read("a label without a key", "/v1/tasks?label.=v", "label."),
		read("a label without a value", "/v1/tasks?label.k=", "label.k"),
		read("a label twice", "/v1/tasks?label.k=a&label.k=b", "label.k"),
		read("a broken escape", "/v1/tasks?type=%zz", "query"),
		read("a semicolon", "/v1/tasks?type=a;b", "query"),
		read("a wait in words", "/v1/tasks/0190-0001?wait=long", "wait"),
		read("a wait without a unit", "/v1/tasks/0190-0001?wait=30", "wait"),
		read("an empty wait", "/v1/tasks/0190-0001?wait=", "wait"),
		read("a negative wait", "/v1/tasks/0190-0001?wait=-1s", "wait"),
		read("a wait twice", "/v1/tasks/0190-0001?wait=1s&wait=1s", "wait"),
		read("a wait where there is none", "/v1/queues?wait=1s", "wait"),
		read("an unknown parameter of nodes", "/v1/nodes?x=1", "x"),
		read("an unknown parameter of drain", "/v1/drain?x=1", "x"),
		read("an unknown parameter of the socket", "/v1/ws?x=1", "x"),
		read("a client that is none", "/v1/ws?client=", "client"),
		read("two clients", "/v1/queues?client=a&client=b", "client"),
		post("a submit with a filter", `{"type":"echo"}`, "type").to("/v1/tasks?type=echo"),
		post("a cancel with a body", `{"why":"bored","now":true}`, "now", "why").to(oneCancel),
		post("a cancel with half a body", `{`, "body").to(oneCancel),
		post("a cancel with a wait", "", "wait").to(oneCancel + "?wait=1s"),
		post("a drain with a reason", `{"reason":"bored"}`, "reason").to("/v1/drain"),
		post("a cancel with a form", `a=b`).to(oneCancel).with(lastcall.CodeUnsupportedMediaType, "Content-Type: text/plain"),
		post("a drain with a form", `a=b`).to("/v1/drain").with(lastcall.CodeUnsupportedMediaType, "Content-Type: text/plain"),
		post("a cancel that says too much", tooMuch).to(oneCancel).with(lastcall.CodeTooLarge),
		post("a drain that says too much", tooMuch).to("/v1/drain").with(lastcall.CodeTooLarge),
		post("a cancel that wants a picture", "").to(oneCancel).with(lastcall.CodeNotAcceptable, "Accept: image/png"),
		post("a drain that wants a picture", "").to("/v1/drain").with(lastcall.CodeNotAcceptable, "Accept: image/png"),
		post("a cancel of nothing", "").to("/v1/tasks/0190-0002/cancel").with(lastcall.CodeNotFound),
		read("no such task", "/v1/tasks/0190-0002").with(lastcall.CodeNotFound),
		read("no id at all", "/v1/tasks/%00").with(lastcall.CodeNotFound),
		read("an endless id", "/v1/tasks/"+long).with(lastcall.CodeNotFound),
	}
	for _, target := range []string{
		"/v1/tasks", oneTask, "/v1/queues", "/v1/nodes", "/v1/drain", "/openapi.yaml", "/asyncapi.yaml", "/",
	} {
		list = append(list, read("wants a picture", target).with(lastcall.CodeNotAcceptable, "Accept: image/png"))
	}
	return list
}

// G10: every field of every call. A bad request is answered with its code, names what is wrong, and writes nothing.
func TestBadInputIsAnsweredAndWritesNothing(t *testing.T) {
	for _, b := range slices.Concat(badBodies(), badFields(), badHeaders(), badQueries(), badCalls(), badBatches(), badLeases()) {
		t.Run(b.why, func(t *testing.T) {
			f := setUp(t)
			id := f.submit(`{"type":"echo"}`).ID
			writes := f.store.writes()
			fields := f.ask(b.method, b.target, b.body, b.headers...).refused(b.code)
			if slices.Sort(fields); b.fields != nil && !slices.Equal(fields, b.fields) {
				t.Errorf("the fields %q are named, want %q", fields, b.fields)
			}
			asked := []lastcall.Code{lastcall.CodeNotFound, lastcall.CodeNotFinished, lastcall.CodeLeaseLost} // which only the store knows
			if (f.store.writes() != writes && !slices.Contains(asked, b.code)) || f.drain.Told() {
				t.Error("something was written")
			}
			if task := f.ask("GET", "/v1/tasks/"+id, "").task(); task.Status != lastcall.Queued {
				t.Errorf("the task that was there is %s", task.Status)
			}
		})
	}
}

func TestTheDeepestInputIsTaken(t *testing.T) {
	f := setUp(t)
	f.submit(`{"type":"echo","input":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}`)
	f.submit(`{"type":"echo","input":"` + strings.Repeat("[", 1000) + `"}`)
}
