package drain_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// Profiles are asked for when something hangs, and that may be a drain: they are served until it is over.
func TestProfilesAreServedForAsLongAsADrainLasts(t *testing.T) {
	t.Parallel()
	address := "127.0.0.1:" + lab.FreePort(t)
	n := lab.Start(t, lab.Data(t), "--debug-listen="+address)
	task := n.Sleep("alice", time.Hour)
	n.AwaitStatus(task.ID, lastcall.Running)
	n.Stop()
	n.AwaitPhase(drain.Finish)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/debug/pprof/goroutine?debug=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if text, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(text), "drain.(*Drainer).Run") {
		t.Errorf("%d: %v\n%s", resp.StatusCode, err, text)
	}
	n.Do(http.MethodPost, "/v1/tasks/"+task.ID+"/cancel", "")
	n.Drained()
}
