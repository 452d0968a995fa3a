package postgres

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/pg"
)

// keep is how long the events of these tests are kept.
const keep = 60 * time.Hour

// olden is a store with a mailbox that has one event for each of the last days, the oldest first, as if time had passed.
type olden struct {
	t      *testing.T
	server *pg.Server
	db     string
	*Store
	node string
}

func newOlden(t *testing.T, db string, days int) *olden {
	t.Helper()
	o := &olden{t: t, server: pg.Shared(t), db: db}
	o.Store = openAt(t, o.server.Create(t, db))
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
	})
	var err error
	if o.node, err = o.Join(t.Context(), lastcall.NodeInfo{Name: "n", Lease: time.Hour}); err != nil {
		t.Fatal(err)
	}
	for i := range days {
		o.event()
		o.age(i+1, time.Duration(days-1-i)*24*time.Hour)
	}
	return o
}

// event appends an event to alice's mailbox.
func (o *olden) event() {
	o.t.Helper()
	task := submitted(o.t, o.Store)
	if _, err := o.Cancel(o.t.Context(), task.ID); err != nil {
		o.t.Fatal(err)
	}
}

// age puts an event into the past, in the table of its day, which is made as it was at that time.
func (o *olden) age(seq int, by time.Duration) {
	o.t.Helper()
	at := time.Now().Add(-by)
	o.makeDay(at)
	o.server.Exec(o.t, o.db, "UPDATE lastcall.events SET at = '"+at.Format(time.RFC3339Nano)+"' WHERE seq = "+string(rune('0'+seq)))
}

func (o *olden) makeDay(at time.Time) {
	o.t.Helper()
	conn := o.server.Connect(o.t, o.db)
	defer conn.Close(context.WithoutCancel(o.t.Context()))
	day := at.UTC().Truncate(24 * time.Hour)
	have, err := days(o.t.Context(), conn, o.sql)
	if err == nil && !slices.Contains(have, nameOfDay(day)) {
		err = makeDay(o.t.Context(), conn, o.sql, o.schema, day)
	}
	if err != nil {
		o.t.Fatal(err)
	}
}

// sweep sweeps as if the node had not looked after the days for long.
func (o *olden) sweep() {
	o.t.Helper()
	o.mu.Lock()
	o.tended = time.Time{}
	o.mu.Unlock()
	_, err := o.Sweep(o.t.Context(), lastcall.Sweep{Incarnation: o.node, KeepTasks: keep, KeepEvents: keep})
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *olden) days() []string {
	o.t.Helper()
	conn := o.server.Connect(o.t, o.db)
	defer conn.Close(context.WithoutCancel(o.t.Context()))
	have, err := days(o.t.Context(), conn, o.sql)
	if err != nil {
		o.t.Fatal(err)
	}
	return have
}

// wantWhole fails the test unless the mailbox tells the truth about what it holds (G5): everything from Oldest on is
// there, and the events before it are past their retention.
func (o *olden) wantWhole(oldest int64) {
	o.t.Helper()
	box, events, err := o.Events(o.t.Context(), "alice", 0, 100)
	if err != nil {
		o.t.Fatal(err)
	}
	if box.Oldest != oldest || int64(len(events)) != box.Head-oldest+1 {
		o.t.Fatalf("the mailbox is %+v with %d events, want the oldest %d", box, len(events), oldest)
	}
	for i, ev := range events {
		if ev.Seq != oldest+int64(i) {
			o.t.Fatalf("event %d has the number %d", i, ev.Seq)
		}
	}
}

func TestDaysPastTheirRetentionAreDroppedAndTheMailboxSaysFromWhereItIsWhole_G5(t *testing.T) {
	o := newOlden(t, "days", 6) // 1 to 3 are older than keep
	o.wantWhole(1)
	if n := len(o.days()); n != 6+partitionsAhead {
		t.Fatalf("there are tables for %d days", n)
	}
	o.sweep()
	o.wantWhole(4)
	now := time.Now().UTC()
	for _, table := range o.days() {
		if day, _ := dayOf(table); day.AddDate(0, 0, 1).Before(now.Add(-keep - dropAfter)) {
			t.Errorf("the table %s is still there", table)
		}
	}
	if n := one[int](t, o.server.URL(o.db), "SELECT count(*) FROM lastcall.events WHERE at < $1", now.Add(-keep-24*time.Hour)); n != 0 {
		t.Errorf("%d rows of days that have gone are there", n)
	}
	o.event()
	o.wantWhole(4)
}

// Whoever reads a day holds it, for as long as he likes; a sweep does not wait for him, and neither does anybody else.
func TestADayThatSomebodyReadsIsDroppedLaterAndNobodyWaits(t *testing.T) {
	o := newOlden(t, "held", 6)
	conn := o.server.Connect(t, o.db)
	defer conn.Close(context.WithoutCancel(t.Context()))
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SELECT count(*) FROM lastcall.events"); err != nil {
		t.Fatal(err)
	}
	before := len(o.days())
	began := time.Now()
	o.sweep()
	o.event()
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("a sweep and an event beside a reader took %s", took)
	}
	if after := len(o.days()); after != before {
		t.Fatalf("%d tables of %d are left beside a reader", after, before)
	}
	o.wantWhole(4) // the rows are there, and nobody is shown them
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	o.sweep()
	if after := len(o.days()); after >= before {
		t.Fatalf("no table was dropped when the reader had gone")
	}
	o.wantWhole(4)
}

// A node that keeps events for a shorter time goes on with a round that another began: no day goes that some mailbox,
// which the round has passed already, still counts on (G5).
func TestARoundThatTwoNodesShareForgetsWhatItsFirstOneWants_G5(t *testing.T) {
	o := newOlden(t, "shared_round", 6)
	// More than one portion, with alice first.
	o.server.Exec(t, o.db, `INSERT INTO lastcall.mailboxes (client, epoch, used_at)
		SELECT 'other' || n, 'e', clock_timestamp() FROM generate_series(1, 1001) n`)
	sweep := func(keep time.Duration) {
		t.Helper()
		o.mu.Lock()
		o.tended = time.Time{}
		o.mu.Unlock()
		if _, err := o.Sweep(t.Context(), lastcall.Sweep{Incarnation: o.node, KeepTasks: keep, KeepEvents: keep}); err != nil {
			t.Fatal(err)
		}
	}
	sweep(5 * 24 * time.Hour) // alice is passed with all but the oldest
	first, _, err := o.Events(t.Context(), "alice", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	sweep(time.Hour)
	o.wantWhole(first.Oldest)
}

// What fell into no day is served like everything else and goes by retention too.
func TestEventsOfNoDayAreServedAndForgotten_G5(t *testing.T) {
	o := newOlden(t, "other_days", 1)
	at := time.Now().Add(-10 * 24 * time.Hour)
	o.event()
	o.server.Exec(t, o.db, "UPDATE lastcall.events SET at = '"+at.Format(time.RFC3339)+"' WHERE seq = 1")
	if n := one[int](t, o.server.URL(o.db), "SELECT count(*) FROM lastcall.events_other"); n != 1 {
		t.Fatalf("%d events are of no day", n)
	}
	o.wantWhole(1)
	o.sweep()
	o.wantWhole(2)
	if n := one[int](t, o.server.URL(o.db), "SELECT count(*) FROM lastcall.events_other"); n != 0 {
		t.Fatalf("%d events of no day are left", n)
	}
}

// The tables of the days to come are made by whoever sweeps first, and by many at once each once.
func TestTheDaysToComeAreMadeAhead(t *testing.T) {
	o := newOlden(t, "ahead", 1)
	today := time.Now().UTC()
	o.server.Exec(t, o.db, "DROP TABLE lastcall."+nameOfDay(today.AddDate(0, 0, 2))+", lastcall."+nameOfDay(today.AddDate(0, 0, 3)))
	o.sweep()
	have := strings.Join(o.days(), " ")
	for i := range partitionsAhead + 1 {
		if name := nameOfDay(today.AddDate(0, 0, i)); !strings.Contains(have, name) {
			t.Errorf("there is no %s among %s", name, have)
		}
	}
	var parts int
	conn := o.server.Connect(t, o.db)
	defer conn.Close(context.WithoutCancel(t.Context()))
	err := conn.QueryRow(t.Context(), "SELECT count(*) FROM pg_indexes WHERE schemaname = 'lastcall' AND tablename = $1",
		pgx.QueryExecModeExec, nameOfDay(today.AddDate(0, 0, 3))).Scan(&parts)
	if err != nil || parts != 1 {
		t.Fatalf("a day that was made later has %d indexes, %v", parts, err)
	}
}

// A role as docs/postgres.md allows it may not make days; what has expired goes all the same.
func TestARoleThatMayNotMakeDaysForgetsAllTheSame(t *testing.T) {
	server := pg.Shared(t)
	at := server.Create(t, "forgetful")
	if _, _, err := Migrate(t.Context(), at, Options{Logger: quiet()}); err != nil {
		t.Fatal(err)
	}
	server.Exec(t, "forgetful", `CREATE ROLE forgetful LOGIN; GRANT USAGE ON SCHEMA lastcall TO forgetful;
		GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA lastcall TO forgetful;
		INSERT INTO lastcall.events (at, mailbox, seq, run, prev, attempt, type, id, task, data)
		SELECT '2001-01-01', 1, n, 1, 0, 1, 0, gen_random_uuid(), '00000000-0000-7000-8000-000000000000', ''
		FROM generate_series(1, 2500) n;
		UPDATE lastcall.rounds SET done = now() WHERE job = 'events'`)
	s := openAt(t, as(t, at, "forgetful"))
	defer s.Close()
	server.Exec(t, "forgetful", "DROP TABLE lastcall."+nameOfDay(s.today(t).AddDate(0, 0, 1)))
	for more := true; more; {
		did, err := s.Sweep(t.Context(), lastcall.Sweep{KeepTasks: keep, KeepEvents: keep})
		if err != nil {
			t.Fatal(err)
		}
		more = did.More
	}
	if n := one[int](t, at, "SELECT count(*) FROM lastcall.events_other"); n != 0 {
		t.Errorf("%d events that have expired are kept", n)
	}
}
