package lastcall_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// Each rule for each field, at its edge: what is just within is accepted, what is just outside is named.
func TestCheckNamesTheFieldThatIsWrong(t *testing.T) {
	long := strings.Repeat("n", 128)
	labels := func(n int) map[string]string {
		m := map[string]string{}
		for i := range n {
			m[fmt.Sprint("k", i)] = "v"
		}
		return m
	}
	key := func(k string) *lastcall.IdempotencyKey { return &lastcall.IdempotencyKey{Key: k} }
	for name, c := range map[string]struct {
		s    lastcall.Submission // its type is filled in unless the case is about it
		want string              // the fields, by commas
	}{
		"nothing but a type":          {lastcall.Submission{}, ""},
		"no type":                     {lastcall.Submission{Type: "-"}, "type"},
		"a type of 128 bytes":         {lastcall.Submission{Type: long}, ""},
		"a type of 129 bytes":         {lastcall.Submission{Type: long + "n"}, "type"},
		"a type of 129 bytes in 43":   {lastcall.Submission{Type: strings.Repeat("日", 43)}, "type"},
		"a type with a control":       {lastcall.Submission{Type: "a\x00"}, "type"},
		"a type with a line break":    {lastcall.Submission{Type: "a\nb"}, "type"},
		"a type that is no UTF-8":     {lastcall.Submission{Type: "a\xff"}, "type"},
		"names in any script":         {lastcall.Submission{Type: "日本語", Queue: "é e", Client: "🏁"}, ""},
		"a queue of 129 bytes":        {lastcall.Submission{Queue: long + "n"}, "queue"},
		"a client that is no UTF-8":   {lastcall.Submission{Client: "\xc3\x28"}, "client"},
		"16 labels":                   {lastcall.Submission{Labels: labels(16)}, ""},
		"17 labels":                   {lastcall.Submission{Labels: labels(17)}, "labels"},
		"a label without a key":       {lastcall.Submission{Labels: map[string]string{"": "v"}}, "labels"},
		"a label without a value":     {lastcall.Submission{Labels: map[string]string{"k": ""}}, "labels.k"},
		"a label of 129 bytes":        {lastcall.Submission{Labels: map[string]string{"k": long + "n"}}, "labels.k"},
		"two bad labels, in order":    {lastcall.Submission{Labels: map[string]string{"z": "", "a": ""}}, "labels.a,labels.z"},
		"an input of 1 MiB":           {lastcall.Submission{Input: text(1 << 20)}, ""},
		"an input of more":            {lastcall.Submission{Input: text(1<<20 + 1)}, "input"},
		"an input that is no JSON":    {lastcall.Submission{Input: json.RawMessage("{")}, "input"},
		"two inputs":                  {lastcall.Submission{Input: json.RawMessage("1 2")}, "input"},
		"priorities at the edges":     {lastcall.Submission{Priority: 100}, ""},
		"… and below":                 {lastcall.Submission{Priority: -100}, ""},
		"priority 101":                {lastcall.Submission{Priority: 101}, "priority"},
		"priority -101":               {lastcall.Submission{Priority: -101}, "priority"},
		"1000 attempts":               {lastcall.Submission{MaxAttempts: 1000}, ""},
		"1001 attempts":               {lastcall.Submission{MaxAttempts: 1001}, "max_attempts"},
		"less than no attempt":        {lastcall.Submission{MaxAttempts: -1}, "max_attempts"},
		"a timeout of 30 days":        {lastcall.Submission{Timeout: 30 * 24 * time.Hour}, ""},
		"a longer timeout":            {lastcall.Submission{Timeout: 30*24*time.Hour + 1}, "timeout"},
		"a timeout before it starts":  {lastcall.Submission{Timeout: -1}, "timeout"},
		"a delay of a year":           {lastcall.Submission{Delay: lastcall.MaxDelay}, ""},
		"a longer delay":              {lastcall.Submission{Delay: lastcall.MaxDelay + 1}, "delay"},
		"a delay into the past":       {lastcall.Submission{Delay: -1}, "delay"},
		"an expiry in a year":         {lastcall.Submission{ExpiresIn: lastcall.MaxDelay}, ""},
		"an expiry after that":        {lastcall.Submission{ExpiresIn: lastcall.MaxDelay + 1}, "expires_in"},
		"an expiry in the past":       {lastcall.Submission{ExpiresIn: -1}, "expires_in"},
		"a time long past":            {lastcall.Submission{RunAt: time.Unix(0, 0)}, ""},
		"a time within a year":        {lastcall.Submission{RunAt: noon.Add(lastcall.MaxDelay)}, ""},
		"a time after that":           {lastcall.Submission{RunAt: noon.Add(lastcall.MaxDelay + 1)}, "run_at"},
		"a time and a delay":          {lastcall.Submission{RunAt: noon, Delay: 1}, "delay"},
		"a key of 255 bytes":          {lastcall.Submission{Idempotency: key(strings.Repeat("k", 255))}, ""},
		"a key of 256 bytes":          {lastcall.Submission{Idempotency: key(strings.Repeat("k", 256))}, "Idempotency-Key"},
		"an empty key":                {lastcall.Submission{Idempotency: key("")}, "Idempotency-Key"},
		"a key with a line break":     {lastcall.Submission{Idempotency: key("a\r\nb")}, "Idempotency-Key"},
		"everything wrong is told of": {lastcall.Submission{Type: "-", Priority: 101, Delay: -1}, "type,priority,delay"},
	} {
		switch c.s.Type {
		case "":
			c.s.Type = "a"
		case "-":
			c.s.Type = ""
		}
		var got []string
		for _, e := range lastcall.DefaultLimits().Check(&c.s, noon) {
			got = append(got, e.Field)
			if e.Message == "" || e.Item != nil {
				t.Errorf("%s: %+v", name, e)
			}
		}
		if strings.Join(got, ",") != c.want {
			t.Errorf("%s: the fields %v are wrong, want %q", name, got, c.want)
		}
	}
}

// text is a JSON string of n bytes.
func text(n int) json.RawMessage {
	return slices.Concat(json.RawMessage(`"`), []byte(strings.Repeat("x", n-2)), json.RawMessage(`"`))
}

// Whatever comes in, the check neither panics nor lets through what a store could not keep (G10).
func FuzzCheck(f *testing.F) {
	f.Add("render", "slow", "alice", []byte(`{"a":1}`), 7, int64(time.Minute), int64(0), "k", "v", "key")
	f.Add("\x00", "", "\xff", []byte(`{`), -101, int64(-1), int64(1<<62), "", "", "")
	f.Fuzz(func(t *testing.T, typ, queue, client string, input []byte, priority int, delay, expires int64, label, value, key string) {
		s := lastcall.Submission{
			Type: typ, Queue: queue, Client: client, Input: input, Priority: priority, Delay: time.Duration(delay),
			ExpiresIn: time.Duration(expires), Labels: map[string]string{label: value}, Idempotency: &lastcall.IdempotencyKey{Key: key},
		}
		if len(lastcall.DefaultLimits().Check(&s, noon)) > 0 {
			return
		}
		task := s.NewTask("ID", noon)
		if _, err := json.Marshal(task); err != nil {
			t.Errorf("what was accepted cannot be shown: %v", err)
		}
		for _, name := range []string{task.Type, task.Queue, task.Client, label, value, key} {
			if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0xfffd }) && !strings.Contains(name, "\ufffd") {
				t.Errorf("the name %q was accepted", name)
			}
		}
		if task.RunAt.Before(noon) || task.OrderKey().Sub(task.RunAt).Abs() > 100*time.Minute {
			t.Errorf("accepted for %v with the key %v", task.RunAt, task.OrderKey())
		}
	})
}

// A limit that is left out is its default, and one that was given stays.
func TestLimitsLeftOutAreTheirDefaults(t *testing.T) {
	if got, want := (lastcall.Limits{}).WithDefaults(), lastcall.DefaultLimits(); got != want {
		t.Errorf("%+v is not %+v", got, want)
	}
	given := lastcall.Limits{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	if got := given.WithDefaults(); got != given {
		t.Errorf("%+v is not %+v", got, given)
	}
}
