package meter_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/meter"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sources are those of a node that is finishing.
func sources(queues ...lastcall.Queue) meter.Sources {
	return meter.Sources{
		Queues:      func(context.Context) ([]lastcall.Queue, error) { return queues, nil },
		Connections: func() map[string]int { return map[string]int{"websocket": 3, "sse": 0} },
		Seats:       func() (int, int) { return 5, 200 },
		Running:     func() int { return 2 },
		Phase:       func() string { return "finish" },
		Phases:      []string{"ready", "finish"},
		Version:     "v1.2.3",
	}
}

// scrape is what Prometheus is told.
func scrape(t *testing.T, m *meter.Meter) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	b, err := io.ReadAll(w.Body)
	if err != nil || w.Code != http.StatusOK {
		t.Fatalf("%d %v", w.Code, err)
	}
	return string(b)
}

// used counts one of everything.
func used(queues ...lastcall.Queue) *meter.Meter {
	m := meter.New()
	m.Ask(sources(queues...))
	m.Submitted("echo")
	m.Settled("echo", lastcall.Succeeded, 30*time.Millisecond)
	m.Settled("echo", lastcall.Scheduled, time.Second)
	m.Settled("echo", lastcall.Queued, time.Second)
	m.Refused(lastcall.CodeDraining)
	m.Gap(lastcall.GapExpired)
	m.HandedOver("websocket")
	m.Notified("websocket", 3*time.Millisecond)
	m.Committed(7, 2*time.Millisecond)
	m.Lent("report")
	m.Renewed("report")
	m.Lapsed(3)
	return m
}

func TestEverythingThatIsCountedIsShown(t *testing.T) {
	got := scrape(t, used(lastcall.Queue{Name: "default", Queued: 4, Running: 1, Paused: true, OldestQueued: 1500 * time.Millisecond}))
	for _, line := range []string{
		`lastcall_submits_total{type="echo"} 1`,
		`lastcall_settled_total{outcome="succeeded",type="echo"} 1`,
		`lastcall_settled_total{outcome="retrying",type="echo"} 1`,
		`lastcall_settled_total{outcome="handed_back",type="echo"} 1`,
		`lastcall_refused_total{reason="draining"} 1`,
		`lastcall_gaps_total{why="expired"} 1`,
		`lastcall_handovers_total{transport="websocket"} 1`,
		`lastcall_run_seconds_bucket{type="echo",le="0.1"} 1`,
		`lastcall_notify_seconds_bucket{transport="websocket",le="0.005"} 1`,
		`lastcall_commit_seconds_count 1`,
		`lastcall_commit_batch_size_sum 7`,
		`lastcall_leases_total{type="report"} 1`,
		`lastcall_leases_renewed_total{type="report"} 1`,
		`lastcall_leases_lapsed_total 3`,
		`lastcall_queue_tasks{queue="default",status="queued"} 4`,
		`lastcall_queue_tasks{queue="default",status="running"} 1`,
		`lastcall_queue_oldest_age_seconds{queue="default"} 1.5`,
		`lastcall_queue_paused{queue="default"} 1`,
		`lastcall_connections{transport="websocket"} 3`,
		`lastcall_connections_open 5`,
		`lastcall_connections_max 200`,
		`lastcall_running 2`,
		`lastcall_drain_phase{phase="finish"} 1`,
		`lastcall_drain_phase{phase="ready"} 0`,
		`lastcall_build_info{version="v1.2.3"} 1`,
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("there is no line %s", line)
		}
	}
}

// A client may name a queue as it likes; what it cannot do is fill the operator's time series with them.
func TestQueuesWithoutEndAreSummedUp(t *testing.T) {
	var queues []lastcall.Queue
	for i := range 10_000 {
		queues = append(queues, lastcall.Queue{Name: strconv.Itoa(i), Queued: int64(i)})
	}
	got := scrape(t, used(queues...))
	if n := strings.Count(got, `lastcall_queue_tasks{`); n != 101*3 {
		t.Errorf("%d series", n)
	}
	sum := 0
	for i := range 9900 {
		sum += i
	}
	if !strings.Contains(got, `lastcall_queue_tasks{queue="9999",status="queued"} 9999`) ||
		!strings.Contains(got, fmt.Sprintf(`lastcall_queue_tasks{queue="(others)",status="queued"} %v`, float64(sum))) {
		t.Error("not the fullest are shown by name, or the others not by their sum")
	}
}

func TestAStoreThatIsAwayHidesTheQueuesOnly(t *testing.T) {
	s := sources()
	s.Queues = func(context.Context) ([]lastcall.Queue, error) { return nil, errors.New("away") }
	m := meter.New()
	m.Ask(s)
	got := scrape(t, m)
	if strings.Contains(got, "lastcall_queue_tasks{") || !strings.Contains(got, "lastcall_running 2") {
		t.Errorf("it shows\n%s", got)
	}
}
