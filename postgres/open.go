package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Options are what a store may be told beside its URL.
type Options struct {
	Logger *slog.Logger // slog.Default()
	// Committed is called after each commit that wrote something, with how many calls shared it and how long it took. It
	// must not block: the next batch waits for it.
	Committed func(calls int, took time.Duration)
	// KeepSchema leaves the schema in the version that it has, and makes none where there is none: for who looks after a
	// database beside the nodes that serve it.
	KeepSchema bool

	steps []step // migrations; nil: those of this program
}

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Committed == nil {
		o.Committed = func(int, time.Duration) {}
	}
	if o.steps == nil {
		o.steps = knownSteps
	}
	return o
}

// defaultConns is how many connections a node has for its calls, unless the URL says pool_max_conns: the lanes of writes
// take six at most, and claims, reads and sweeps share the others. The listener's is beside them.
const defaultConns = 16

// Open opens the store in the database at a URL, postgres://USER:PASSWORD@HOST:PORT/DATABASE?…, with all that pgx takes
// there and in the environment (sslmode, sslrootcert, passfile, target_session_attrs, pool_max_conns, PGPASSWORD…) and
// one of our own: schema=NAME, where the tables stand, "lastcall" if it is not given. It brings the schema to the newest
// version. It fails, with a sentence that says what to do, when the database is of no use; the password is in no error
// and no log. Ctx bounds all of it.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	t, err := parseTarget(url)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s, err := open(ctx, t, o.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", t.where(), t.redact(err))
	}
	return s, nil
}

func open(ctx context.Context, t *target, o Options) (*Store, error) {
	facts, err := t.setUp(ctx, o)
	if err != nil {
		return nil, err
	}
	t.warn(facts, o.Logger)
	t.bound(facts)
	pool, err := pgxpool.NewWithConfig(ctx, t.pool)
	if err != nil {
		return nil, err
	}
	s := &Store{
		where: t.where(), schema: t.schema, sql: queries.in(t.schema), log: o.Logger, committed: o.Committed,
		pool: pool, asking: turnsOf(t.pool.MaxConns), pooled: facts.pooled, node: rand.Text(), hints: newHints(), mint: newMinter(),
	}
	s.life, s.end = context.WithCancelCause(context.Background())
	s.lanes = newLanes(s.writeBatch)
	s.start()
	return s, nil
}

// start begins what a store does by itself; Close ends it.
func (s *Store) start() {
	for _, l := range s.lanes.all() {
		s.spawn(l.run)
	}
	s.spawn(s.notify)
	if s.pooled {
		s.log.Info("the database is behind a pooler: no prepared statements, and changes of other nodes are looked for "+
			"each second instead of listened to", slog.String("store", s.where))
		s.spawn(s.poll)
		return
	}
	s.spawn(s.listen)
}

// warn says when the database is set so that what is acknowledged may be lost with its machine (G1). It is as its owner
// wants it, so that a node serves on it all the same.
func (t *target) warn(f facts, log *slog.Logger) {
	weak := f.weak()
	if t.raises(f) {
		weak = f.weakDisk()
	}
	if len(weak) > 0 {
		log.Warn("a crash of the database's machine may take acknowledged tasks with it (G1); run lastcall doctor",
			slog.String("store", t.where()), slog.String("off", strings.Join(weak, ", ")))
	}
}

// setUp looks at the database by a connection of its own, and makes or checks the schema.
func (t *target) setUp(ctx context.Context, o Options) (facts, error) {
	conn, err := t.connect(ctx)
	if err != nil {
		return facts{}, err
	}
	defer hangUp(ctx, conn)
	f, err := look(ctx, conn)
	if err != nil {
		return facts{}, err
	}
	if err := f.check(); err != nil {
		return facts{}, err
	}
	if o.KeepSchema {
		return f, checkSchema(ctx, conn, t.schema, o.steps)
	}
	from, to, err := migrate(ctx, conn, t.schema, o.steps)
	if err != nil {
		return f, err
	}
	if from != to {
		o.Logger.Info("the schema was migrated", slog.String("store", t.where()), slog.Int("from", from), slog.Int("to", to))
	}
	return f, firstDays(ctx, conn, t.schema, f.now, o.Logger)
}
