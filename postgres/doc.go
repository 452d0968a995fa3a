// Package postgres is a lastcall.Store in a PostgreSQL database, 14 or later, for many nodes: each may go at any time, and
// what it leaves is taken up by the others.
//
// # Writes gather
//
// Calls that write go through a few lanes (lane.go), each a goroutine that commits whatever has come while its last
// commit was on its way to the disk: one caller alone waits for one commit, and a thousand share a few. A batch takes two
// round trips, however many calls share it. The first begins the transaction, bounds it in time, locks what will change,
// and asks for the time; then the rules of package lastcall are applied to the rows in memory; the second writes what has
// become of them, set by set, and commits (tx.go). Nothing is answered before its commit is on stable storage (G1). A
// batch in which a call turns out to be at fault is run again in halves, so that nobody pays for another's bad row.
//
// # Nobody waits for long
//
// Everybody locks in the same order: nodes, tasks, idempotency keys, mailboxes, each kind sorted by its key. Claims and
// sweeps pass over what is locked. Each call is bounded here and on the server (transact.go), so that a database that
// hangs, or is gone, costs each caller a known time and the answer store_unavailable; what it does afterwards is to come
// back by itself.
//
// # Positions, hints and polls
//
// The number of an event comes from its mailbox's own row, which the transaction has locked: no commit slips in behind a
// position that was read, as it would with a sequence (mailbox.go). What has moved is told to the other nodes by NOTIFY,
// outside the transactions and a few times a second at most (outbox.go, notify.go). That is a courtesy: a listener that was
// away tells its own node that anything may have moved (listen.go), and behind a pooler in transaction mode, where
// nobody can listen, polls do (pooler.go).
//
// # Time
//
// Times are the database's clock and no node's. A node's lease is a time in its row, renewed by its beats; who finds it
// run out locks that row before it takes what the node was running, and a claim locks it too, so that nothing slips in
// between (crash.go).
//
// # The past
//
// Events stand in a table for each day. Sweeps walk over the mailboxes and move the beginning of each past what is too
// old; when such a round has come to its end, days that nobody reaches back to are dropped whole (retention.go,
// partition.go). Migrations only widen, so that two versions run side by side in a roll-out (migrate.go).
package postgres
