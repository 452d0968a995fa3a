package crash_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/checker"
	"github.com/lastcall-dev/lastcall/tests/record"
)

// G2, G3, G4, G5, G9: fifty SIGKILLs at random moments, some of them before the node even serves, each followed at once
// by a restart on the same file, while visitors submit, cancel and wait and listeners come back by cursor.
func TestFiftyKillsBreakNoPromise(t *testing.T) {
	const kills, visitors, clients = 50, 8, 5
	d := newDice(t)
	// Random kills hit the same task again and again, which is no fault of the task: no number of them may fail it here.
	// TestAPoisonTaskFailsAloneAfterThreeCrashes has the default.
	s := ledgerSite(t, "--max-crashes", "1000")
	log := &checker.Log{}
	names := make([]string, clients)
	stop, deaf := make(chan struct{}), make(chan struct{})
	for i := range clients {
		names[i] = fmt.Sprintf("client-%d", i)
		l := &listener{client: names[i], site: s, log: log, chance: d.roll(100 + i)}
		s.people.Go(func() { l.listen(deaf) })
	}
	done := make(chan struct{}, visitors)
	for i := range visitors {
		v := &visitor{name: fmt.Sprintf("visitor-%d", i), site: s, log: log, chance: d.roll(200 + i), clients: names}
		s.people.Go(func() {
			defer func() { done <- struct{}{} }()
			v.visit(stop)
		})
	}
	begin, chance := time.Now(), d.roll(0)
	for i := range kills {
		if i%5 == 4 {
			s.openAndKill(time.Duration(chance.IntN(300)) * time.Millisecond)
			continue
		}
		n := s.open()
		s.awaitActs(chance.IntN(50)) // so that the load is the same on any machine
		moment := time.NewTimer(time.Duration(chance.IntN(10_000)) * time.Microsecond)
		<-moment.C
		s.kill(n)
	}
	close(stop)
	n := s.open()
	for range visitors {
		<-done // each has ended what it had begun
	}
	killing := time.Since(begin)
	record.Settle(t, n)
	readLedger(t, s.ledger(), log)
	record.End(t, n, log, names, checker.Expect{})
	attempts(t, record.Tasks(t, n))
	close(deaf)
	n.Kill()
	sum := log.Summary()
	t.Logf("%d kills in %v, %d of them before the node served; ms until ready: %v\n%s",
		s.killed, killing.Round(time.Millisecond), s.unborn, s.ready, &sum)
}

// readLedger takes the runs that handlers have begun, by their own word, into the record.
func readLedger(t *testing.T, path string, log *checker.Log) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var entry struct {
			Task    string
			Run     int64
			PID     int
			Receipt json.RawMessage
		}
		if err := json.Unmarshal(lines.Bytes(), &entry); err != nil {
			t.Fatalf("ledger: %q: %v", lines.Text(), err)
		}
		if string(entry.Receipt) == "null" {
			entry.Receipt = nil
		}
		log.Effect(entry.Task, entry.Run, "process "+strconv.Itoa(entry.PID), entry.Receipt)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// attempts holds each task against what its input says of it: a crash costs no attempt (G4) and fails none.
func attempts(t *testing.T, all []lastcall.Task) {
	t.Helper()
	for _, task := range all {
		var job struct {
			Fails  int
			Doomed bool
		}
		if task.Type == "work" {
			if err := json.Unmarshal(task.Input, &job); err != nil {
				t.Fatal(err)
			}
		}
		switch {
		case task.Status == lastcall.Failed && !(job.Doomed && task.Error.Code == "doomed"):
			t.Errorf("G4: %s, whose input is %s, failed: %+v", task.ID, task.Input, task.Error)
		case task.Status == lastcall.Failed && task.Attempt != 1, task.Status == lastcall.Succeeded && task.Attempt != job.Fails+1:
			t.Errorf("G4: %s, whose input is %s, %s at attempt %d of run %d", task.ID, task.Input, task.Status, task.Attempt, task.Run)
		}
	}
}
