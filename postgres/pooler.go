package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/lastcall-dev/lastcall"
)

// minServer is the first version of PostgreSQL that is served, as server_version_num has it.
const minServer = 140000

// facts are what there is to know of a database before anything is asked of it.
type facts struct {
	version  int    // server_version_num
	encoding string // of the database
	standby  bool   // it takes no writes
	now      time.Time
	pooled   bool // the process that answered is not the one that we connected to

	fsync, pages, commit string // what G1 stands on: fsync, full_page_writes, synchronous_commit
}

// look asks for the facts. A pooler gives itself away by the process id: that of the connection is its own invention, and
// the one that a statement finds is the backend's which it lent for that statement.
func look(ctx context.Context, c *pgx.Conn) (f facts, err error) {
	var pid uint32
	err = c.QueryRow(ctx, queries["facts"]).Scan(&f.version, &f.encoding, &f.standby, &f.now, &pid, &f.fsync, &f.pages, &f.commit)
	if err != nil {
		return f, err
	}
	f.pooled = pid != c.PgConn().PID()
	return f, nil
}

// check refuses what cannot hold a store, with a sentence that says what to do.
func (f facts) check() error {
	switch {
	case f.version < minServer:
		return fmt.Errorf("the server is PostgreSQL %d; lastcall needs 14 or later: upgrade it", f.version/10000)
	case f.encoding != "UTF8":
		return fmt.Errorf("the database's encoding is %s, which cannot hold all text; make one with createdb --encoding=UTF8 --template=template0",
			f.encoding)
	case f.standby:
		return errors.New("the server is a standby and takes no writes; name the primary, or all hosts with target_session_attrs=read-write")
	}
	return nil
}

// weak are the settings by which what was acknowledged may be lost (G1); none in a database as it should be.
func (f facts) weak() []string {
	weak := f.weakDisk()
	if f.commit == "off" {
		weak = append(weak, "synchronous_commit")
	}
	return weak
}

// weakDisk are those of weak that are the server's as a whole.
func (f facts) weakDisk() (weak []string) {
	if f.fsync == "off" {
		weak = append(weak, "fsync")
	}
	if f.pages == "off" {
		weak = append(weak, "full_page_writes")
	}
	return weak
}

// pollEvery is how often those who watch behind a pooler are told to look by themselves: LISTEN is a session's, and a
// pooler that lends sessions for a transaction each would give the notifications to whoever comes next.
const pollEvery = time.Second

func (s *Store) poll(ctx context.Context) {
	again := time.NewTicker(pollEvery)
	defer again.Stop()
	for {
		select {
		case <-again.C:
			s.hints.tell([]lastcall.Hint{{}})
		case <-ctx.Done():
			return
		}
	}
}
