// Package sqlite is a lastcall.Store in a single SQLite file, without cgo: the default, and all that one machine needs.
//
// # One writer, and the disk as its clock
//
// Everything that changes the file goes through one goroutine with one connection (writer.go). It takes the call that
// waits, begins a transaction, adds whatever other calls have come meanwhile, commits, and answers them all. While a
// commit is on its way to the disk the next calls gather, so that the fsync itself is the batching window: one caller
// alone waits for one fsync, and a thousand at once wait for two. There is no timer. Nothing is answered before its
// commit is on stable storage (G1): write-ahead log, synchronous=FULL, both read back when the file is opened.
//
// A call can be run again: should one fail in the middle, the whole batch is rolled back and each call is run in a
// transaction of its own, so that nobody pays for another's bad row (batch.go). After a commit that failed nobody knows
// what has reached the disk; the connection is closed, the file opened anew, and those who waited are told that the
// store is unavailable (recover.go).
//
// Readers have connections of their own, which may not write, and read in short transactions (reader.go). They see a
// commit as soon as it is made.
//
// # What a task costs
//
// A submit writes one row, and one entry of one partial index if the task is due. Long inputs and outputs stand in a
// table of their own, so that a change of status does not copy them. Queues are counted as tasks move, once for each
// batch. A claim seeks, in the one index, the head of each line (a type in a queue), so that a million tasks of one
// type are nothing to those of another.
//
// # Who is alive
//
// A lease in this store is a lock on a file (lease.go): each incarnation holds PATH.node-INCARNATION locked for as long
// as its process lives, and the kernel gives the lock back when it dies, however that happens. So a dead owner is known
// at once and a living one is never robbed, whatever clocks and schedulers do. Two processes on one file are served, as
// in a roll-out on one host; a file on the network is refused, as neither SQLite's locks nor these can be relied on
// there.
//
// A worker outside is no process of this machine's: its lease is a row with a time (lend.go), one for each of its runs.
package sqlite
