package ws_test

import (
	"fmt"
	"testing"

	"github.com/lastcall-dev/lastcall/httpapi/ws"
)

func TestReplayThenLiveInOneOrder_G5(t *testing.T) {
	n := start(t, ws.Options{})
	n.store.Write("alice", succeeded("a", 1), succeeded("b", 1), succeeded("c", 1))
	mb := n.store.Mailbox("alice")

	c, welcome := n.hello("alice", fmt.Sprintf(`{"t":"hello","resume":"%s:1"}`, mb.Epoch))
	if welcome.Cursor != mb.Epoch+":1" || welcome.Head != 3 || welcome.Node != "pod-a" || welcome.Client != "alice" ||
		welcome.Conn == "" || welcome.PingMS != 25000 {
		t.Errorf("welcome %+v", welcome)
	}
	for seq := int64(2); seq <= 3; seq++ {
		if ev := c.expect("event"); ev.Seq != seq || ev.Cursor != fmt.Sprintf("%s:%d", mb.Epoch, seq) {
			t.Errorf("replayed %+v, want seq %d", ev, seq)
		}
	}
	if live := c.expect("live"); live.Cursor != mb.Epoch+":3" {
		t.Errorf("live %+v", live)
	}
	n.write("alice", succeeded("d", 1))
	if ev := c.expect("event"); ev.Seq != 4 || ev.Task != "d" || string(ev.Data) != `{"output":1}` {
		t.Errorf("live event %+v", ev)
	}
}
