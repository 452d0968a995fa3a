package httpapi

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// ended submits a task that is canceled at once.
func (f *fixture) ended(body string) lastcall.Task {
	f.t.Helper()
	return f.ask("POST", "/v1/tasks/"+f.submit(body).ID+"/cancel", "").wants(http.StatusOK).task()
}

func TestARetryIsANewTaskThatSaysWhatItRepeats(t *testing.T) {
	f := setUp(t)
	old := f.ended(`{"type":"slow","input":[1],"queue":"q","client":"alice","priority":3,"labels":{"k":"v"},"expires_in":"1h"}`)
	a := f.ask("POST", "/v1/tasks/"+old.ID+"/retry", "", "Lastcall-Client: bob").wants(http.StatusAccepted)
	got := a.task()
	if a.header.Get("Location") != "/v1/tasks/"+got.ID || got.ID == old.ID || got.RetryOf == nil || *got.RetryOf != old.ID {
		t.Errorf("Location %q: %s", a.header.Get("Location"), a.body)
	}
	if got.Type != "slow" || string(got.Input) != "[1]" || got.Queue != "q" || got.Client != "alice" || got.Priority != 3 ||
		got.Labels["k"] != "v" || got.MaxAttempts != 2 || got.ExpiresAt.Sub(got.CreatedAt) != time.Hour || got.Status != lastcall.Queued {
		t.Errorf("it is not the same once more: %s", a.body)
	}
	if now := f.ask("GET", "/v1/tasks/"+old.ID, "").task(); now.Status != lastcall.Canceled {
		t.Errorf("the old one is %s", now.Status)
	}
}

func TestOnlyWhatEndedAndNotWellIsRetried(t *testing.T) {
	f := setUp(t)
	for status, good := range map[lastcall.Status]bool{
		lastcall.Queued: false, lastcall.Scheduled: false, lastcall.Running: false, lastcall.Succeeded: false,
		lastcall.Failed: true, lastcall.Canceled: true, lastcall.Expired: true,
	} {
		id := f.submit(`{"type":"echo"}`).ID
		f.store.change(id, false, func(t *lastcall.Task) { t.Status = status })
		if a := f.ask("POST", "/v1/tasks/"+id+"/retry", "{}"); good {
			a.wants(http.StatusAccepted)
		} else {
			a.refused(lastcall.CodeNotRetryable)
		}
	}
}

func TestARetryUnderAKeyIsOneTask(t *testing.T) {
	f := setUp(t)
	old, other := f.ended(`{"type":"echo"}`), f.ended(`{"type":"echo"}`)
	const key = "Idempotency-Key: k"
	first := f.ask("POST", "/v1/tasks/"+old.ID+"/retry", "", key).wants(http.StatusAccepted)
	again := f.ask("POST", "/v1/tasks/"+old.ID+"/retry", "", key).wants(http.StatusAccepted)
	if again.task().ID != first.task().ID || again.header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("the repeat is answered with %s", again.body)
	}
	f.ask("POST", "/v1/tasks/"+other.ID+"/retry", "", key).refused(lastcall.CodeIdempotencyMismatch)
	f.ask("POST", "/v1/tasks", `{"type":"echo"}`, key).refused(lastcall.CodeIdempotencyMismatch)
	f.ask("POST", "/v1/tasks/"+old.ID+"/retry", "", "Idempotency-Key: a\tb").refused(lastcall.CodeInvalidRequest)
	if without := f.ask("POST", "/v1/tasks/"+old.ID+"/retry", "").task(); without.ID == first.task().ID {
		t.Error("two retries without a key are one task")
	}
}

func TestARetryWaitsForItsEndIfAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := setUp(t)
		old := f.ended(`{"type":"echo"}`)
		retry := f.later(request(t, "POST", "/v1/tasks/"+old.ID+"/retry", "", "Prefer: wait=10"))
		time.Sleep(time.Second)
		f.store.change("0190-0002", true, succeed)
		if a := <-retry; a.wants(http.StatusOK).task().Status != lastcall.Succeeded || a.header.Get("Preference-Applied") != "wait=10" {
			t.Errorf("%v %s", a.header, a.body)
		}
	})
}

// A type may have gone with the version that ran it.
func TestARetryOfATypeThatNobodyRunsIsRefused(t *testing.T) {
	f := setUp(t)
	old := f.ended(`{"type":"echo"}`)
	f.store.change(old.ID, false, func(t *lastcall.Task) { t.Type = "gone" })
	f.ask("POST", "/v1/tasks/"+old.ID+"/retry", "").refused(lastcall.CodeUnknownType)
}
