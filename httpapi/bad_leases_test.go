package httpapi

import (
	"strings"

	"github.com/lastcall-dev/lastcall"
)

// badLeases are wrong calls of workers outside.
func badLeases() []bad {
	const target = "/v1/leases"
	ask := func(why, body string, fields ...string) bad { return post("leases: "+why, body, fields...).to(target) }
	list := []bad{
		ask("no body", "").with(lastcall.CodeInvalidRequest, "Content-Type: application/json"),
		ask("an array", `[]`, "body"),
		ask("something besides", `{"type":"echo","wait":"1s"}`, "type"),
		ask("given twice", `{"max":1,"max":2}`, "max"),
		ask("types that are no list", `{"types":"echo"}`, "types"),
		ask("types that are no names", `{"types":["echo",7]}`, "types"),
		ask("an empty type", `{"types":[""]}`, "types"),
		ask("a type too long", `{"types":["`+long+`"]}`, "types"),
		ask("too many types", `{"types":[`+strings.Repeat(`"echo",`, 100)+`"echo"]}`, "types"),
		ask("queues that are no names", `{"queues":[null]}`, "queues"),
		ask("a queue of control characters", `{"queues":["\u0001"]}`, "queues"),
		ask("none at most", `{"max":0}`, "max"),
		ask("too many at most", `{"max":101}`, "max"),
		ask("half a task", `{"max":1.5}`, "max"),
		ask("a wait in words", `{"wait":"long"}`, "wait"),
		ask("a wait back in time", `{"wait":"-1s"}`, "wait"),
		ask("a nameless worker", `{"worker":""}`, "worker"),
		ask("a worker of two lines", `{"worker":"a\nb"}`, "worker"),
		ask("a numbered worker", `{"worker":7}`, "worker"),
		ask("a lease too short", `{"ttl":"4s"}`, "ttl"),
		ask("a lease too long", `{"ttl":"61m"}`, "ttl"),
		ask("a lease of a number", `{"ttl":30}`, "ttl"),
		ask("everything wrong", `{"max":0,"ttl":"1s","wait":1,"queues":1,"types":{},"x":1}`, "max", "queues", "ttl", "types", "wait", "x"),
	}
	const word = `{"token":"1.30000.lease-A"`
	say := func(verb, why, body string, fields ...string) bad {
		return post(verb+": "+why, body, fields...).to(target + "/0190-0001/" + verb)
	}
	list = append(
		list,
		say("renew", "progress that is none", word+`,"progress":40}`, "progress"),
		say("renew", "progress of nothing", word+`,"progress":{}}`, "progress.percent"),
		say("renew", "progress in words", word+`,"progress":{"percent":"40"}}`, "progress.percent"),
		say("renew", "progress with more", word+`,"progress":{"percent":1,"at":"now"}}`, "progress.at"),
		say("renew", "progress given twice", word+`,"progress":{"percent":1,"percent":2}}`, "progress"),
		say("renew", "a message that is none", word+`,"progress":{"percent":1,"message":{}}}`, "progress.message"),
		say("renew", "an output", word+`,"output":1}`, "output"),
		say("complete", "an error", word+`,"error":{}}`, "error"),
		say("complete", "too deep", word+`,"output":`+strings.Repeat("[", 64)+strings.Repeat("]", 64)+`}`, "body"),
		say("complete", "no number", word+`,"output":NaN}`, "body"),
		say("fail", "no error", word+`}`, "error"),
		say("fail", "an error that is none", word+`,"error":"broken"}`, "error"),
		say("fail", "an error with more", word+`,"error":{"attempt":1}}`, "error.attempt"),
		say("fail", "a code that is none", word+`,"error":{"code":1,"message":[]}}`, "error.code", "error.message"),
		say("fail", "a wait in words", word+`,"error":{},"retry_after":"soon"}`, "retry_after"),
		say("fail", "a wait back in time", word+`,"error":{},"retry_after":"-1s"}`, "retry_after"),
		say("fail", "perhaps for good", word+`,"error":{},"permanent":"yes"}`, "permanent"),
		say("release", "a wait too long", word+`,"retry_after":"9000h"}`, "retry_after"),
	)
	for _, verb := range []string{"renew", "complete", "fail", "release"} {
		rest := ""
		if verb == "fail" {
			rest = `,"error":{}`
		}
		list = append(
			list,
			say(verb, "no body", "").with(lastcall.CodeInvalidRequest, "Content-Type: application/json"),
			say(verb, "no token", `{"token":null`+rest+`}`, "token"),
			say(verb, "an empty token", `{"token":""`+rest+`}`, "token"),
			say(verb, "a token that is no text", `{"token":7`+rest+`}`, "token"),
			say(verb, "a lease that is lost", word+rest+`}`).with(lastcall.CodeLeaseLost),
		)
	}
	for _, path := range []string{"", "/0190-0001/renew", "/0190-0001/complete", "/0190-0001/fail", "/0190-0001/release"} {
		list = append(
			list,
			post("with a parameter", `{}`, "wait").to(target+path+"?wait=1s"),
			post("with a form", `a=b`).to(target+path).with(lastcall.CodeUnsupportedMediaType, "Content-Type: text/plain"),
			post("with too much", tooMuch+strings.Repeat(" ", 2<<20)).to(target+path).with(lastcall.CodeTooLarge),
			post("that wants a picture", `{}`).to(target+path).with(lastcall.CodeNotAcceptable, "Accept: image/png"),
		)
	}
	return list
}
