package postgres

import (
	"context"
	"errors"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/column"
)

// laneRig is a lane whose batches are handed to the test before they are answered.
type laneRig struct {
	*lane
	batches chan []*call
	goOn    chan struct{}
}

func newLaneRig(t *testing.T) *laneRig {
	t.Helper()
	r := &laneRig{batches: make(chan []*call), goOn: make(chan struct{})}
	r.lane = newLane(func(calls []*call) {
		r.batches <- calls
		<-r.goOn
	})
	ctx, cancel := context.WithCancel(t.Context())
	go r.run(ctx) // ends with cancel, and is waited for
	t.Cleanup(func() {
		cancel()
		<-r.stopped
	})
	return r
}

// hand gives the lane a call; the channel holds its answer.
func (r *laneRig) hand(ctx context.Context, c *call) <-chan error {
	c.done = make(chan struct{})
	before := len(r.queue)
	answer := begun(func() error { return r.do(ctx, c) })
	for len(r.queue) == before && c.state.Load() == callWaits {
		select {
		case err := <-answer:
			answered := make(chan error, 1)
			answered <- err
			return answered
		default:
		}
	}
	return answer
}

func TestALaneWritesInTheOrderInWhichCallsCame(t *testing.T) {
	r := newLaneRig(t)
	calls := []*call{{}, {}, {}, {}}
	answers := []<-chan error{r.hand(t.Context(), calls[0])}
	if got := <-r.batches; len(got) != 1 || got[0] != calls[0] {
		t.Errorf("the first batch is %v", got)
	}
	for _, c := range calls[1:] {
		answers = append(answers, r.hand(t.Context(), c))
	}
	r.goOn <- struct{}{}
	got := <-r.batches
	for i, c := range calls[1:] {
		if len(got) != 3 || got[i] != c {
			t.Fatalf("what gathered meanwhile was written as %v", got)
		}
	}
	r.goOn <- struct{}{}
	for _, a := range answers {
		if err := <-a; err != nil {
			t.Error(err)
		}
	}
}

// A context ends the wait for one's turn, and nothing else: a call that has begun is answered by what became of it.
func TestAContextEndsTheWaitForOnesTurnOnly_G10(t *testing.T) {
	r := newLaneRig(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("the caller has gone")
	begunCall, waiting := &call{}, &call{}
	first := r.hand(ctx, begunCall)
	<-r.batches
	second := r.hand(ctx, waiting)
	cancel(gone)
	if err := <-second; !errors.Is(err, gone) {
		t.Errorf("a call that had to wait for its turn returned %v", err)
	}
	begunCall.err = lastcall.Errorf(lastcall.CodeNotFound, "as it was found")
	r.goOn <- struct{}{}
	if err := <-first; lastcall.CodeOf(err) != lastcall.CodeNotFound {
		t.Errorf("a call that had begun returned %v", err)
	}
	third := r.hand(t.Context(), &call{})
	if got := <-r.batches; len(got) != 1 || got[0] == waiting {
		t.Error("a call was written whose caller had been told that it was not")
	}
	r.goOn <- struct{}{}
	if err := <-third; err != nil {
		t.Error(err)
	}
}

// The mailbox of one client is locked by another node for as long as that likes. Its own changes wait; those of a client
// in another lane do not, nor does any submit.
func TestAHotClientMakesNobodyWaitButItsLane(t *testing.T) {
	r := newRig(t, "hot")
	hot, cool := "hot", "cool"
	for hashOf(cool)%changeLanes == hashOf(hot)%changeLanes {
		cool += "er"
	}
	hots, cools := r.submit(hot), r.submit(cool)
	for _, client := range []string{hot, cool} {
		_, err := r.store.OpenMailbox(t.Context(), client)
		r.must(err)
	}
	r.exec("BEGIN")
	r.exec("SELECT FROM lastcall.mailboxes WHERE client = $1 FOR UPDATE", hot)
	waits := begun(func() error {
		_, err := r.store.Cancel(t.Context(), hots.ID)
		return err
	})
	r.waits("mailboxes")
	_, err := r.store.Cancel(t.Context(), cools.ID)
	r.must(err)
	r.submit(hot)
	select {
	case err := <-waits:
		t.Errorf("the hot client's change returned %v while its mailbox was locked", err)
	default:
	}
	r.exec("ROLLBACK")
	r.must(<-waits)
}

// Who settles knows a task's id and nothing else: that must do to find the client's lane, on every node.
func TestATasksIDLeadsToTheLaneOfItsClient(t *testing.T) {
	r := newRig(t, "ids")
	lanes := map[*lane]bool{}
	for _, client := range []string{"", "alice", "bob", "carol", "日本", "client 7"} {
		task := r.submit(client)
		id, _ := column.ParseID(task.ID)
		byID, byClient := r.store.laneOf(&call{task: id}), r.store.laneOf(&call{client: task.Client})
		if byID != byClient {
			t.Errorf("the task %s and its client %q are in two lanes", task.ID, task.Client)
		}
		lanes[byID] = true
	}
	if len(lanes) < 2 {
		t.Error("all clients are in one lane")
	}
}
