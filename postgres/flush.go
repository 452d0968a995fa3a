package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/lastcall-dev/lastcall/column"
)

// empty reports whether there is nothing to write.
func (tx *tx) empty() bool {
	return len(tx.added)+len(tx.touched)+len(tx.logs)+len(tx.renewed)+len(tx.ended)+len(tx.nodes)+len(tx.changedBoxes()) == 0
}

// commit is the second round trip: all that has changed, set by set, and the commit, which is on stable storage when it
// is answered (G1).
func (tx *tx) commit(ctx context.Context) error {
	b := &pgx.Batch{}
	if err := errors.Join(tx.queueAdded(b), tx.queueTouched(b)); err != nil {
		return err
	}
	tx.queueLogs(b)
	tx.queueFirsts(b)
	tx.queueHeld(b)
	tx.queueNodes(b)
	tx.queueEvents(b)
	tx.queueBoxes(b)
	tx.queueMoves(b)
	b.Queue(tx.s.sql["commit"]).Exec(func(tag pgconn.CommandTag) error {
		if tag.String() == "ROLLBACK" {
			return errors.New("the transaction was rolled back by its commit")
		}
		return nil
	})
	return tx.conn.SendBatch(ctx, b).Close()
}

// queueAdded writes new tasks.
func (tx *tx) queueAdded(b *pgx.Batch) error {
	n := len(tx.added)
	if n == 0 {
		return nil
	}
	var (
		ids                    = make(array[[16]byte], n)
		created, run           = make(array[time.Time], n), make(array[time.Time], n)
		expires                = make(array[*time.Time], n)
		keys, timeouts         = make(array[int64], n), make(array[int64], n)
		attempts               = make(array[int32], n)
		states, priorities     = make(array[int16], n), make(array[int16], n)
		types, queues, clients = make(array[string], n), make(array[string], n), make(array[string], n)
		retries                = make(array[*string], n)
		labels, inputs         = make(array[[]byte], n), make(array[[]byte], n)
	)
	for i, r := range tx.added {
		var err error
		if labels[i], err = column.EncodeJSON(r.Labels, r.Labels == nil); err != nil {
			return err
		}
		ids[i], created[i], run[i], expires[i] = r.id, r.CreatedAt, r.RunAt, r.ExpiresAt
		keys[i], timeouts[i], attempts[i] = r.OrderKey().UnixMicro(), int64(r.Timeout), int32(r.MaxAttempts)
		states[i], priorities[i] = int16(column.Statuses.Number(r.Status)), int16(r.Priority)
		types[i], queues[i], clients[i], retries[i], inputs[i] = r.Type, r.Queue, r.Client, r.RetryOf, r.Input
	}
	b.Queue(tx.s.sql["tasks_insert"], ids, created, run, keys, timeouts, expires, attempts, states, priorities,
		types, queues, clients, retries, labels, inputs)
	return nil
}

// queueTouched writes what has become of tasks.
func (tx *tx) queueTouched(b *pgx.Batch) error {
	n := len(tx.touched)
	if n == 0 {
		return nil
	}
	var (
		ids                               = make(array[[16]byte], n)
		due                               = make(array[time.Time], n)
		keys, runs, last                  = make(array[int64], n), make(array[int64], n), make(array[int64], n)
		started, finished, canceled       = make(array[*time.Time], n), make(array[*time.Time], n), make(array[*time.Time], n)
		attempts, crashes, interruptions  = make(array[int32], n), make(array[int32], n), make(array[int32], n)
		states, parts                     = make(array[int16], n), make(array[int16], n)
		owners, nodes, outcomes, progress = make(array[*string], n), make(array[*string], n), make(array[*string], n), make(array[*string], n)
		outputs, failures, checkpoints    = make(array[[]byte], n), make(array[[]byte], n), make(array[[]byte], n)
	)
	for i, r := range tx.touched {
		ids[i], due[i], keys[i], runs[i], last[i] = r.id, r.RunAt, r.OrderKey().UnixMicro(), r.Run, r.last
		started[i], finished[i], canceled[i] = r.StartedAt, r.FinishedAt, r.CancelRequestedAt
		attempts[i], crashes[i], interruptions[i] = int32(r.Attempt), int32(r.Crashes), int32(r.Interruptions)
		states[i], parts[i] = int16(column.Statuses.Number(r.Status)), r.parts()
		owners[i], nodes[i], outcomes[i] = text(r.Owner), text(r.Node), text(r.LastOutcome)
		said, err := column.EncodeJSON(r.Progress, r.Progress == nil)
		if err != nil {
			return err
		}
		progress[i] = jsonText(said)
		if parts[i]&partOutput != 0 {
			outputs[i] = r.Output
		}
		if parts[i]&partCheckpoint != 0 {
			checkpoints[i] = r.Checkpoint
		}
		if parts[i]&partError != 0 {
			if failures[i], err = column.EncodeJSON(r.Error, r.Error == nil); err != nil {
				return err
			}
		}
	}
	b.Queue(tx.s.sql["tasks_update"], ids, due, keys, runs, last, started, finished, canceled, attempts, crashes,
		interruptions, states, owners, nodes, outcomes, progress, parts, outputs, failures, checkpoints)
	return nil
}

// queueLogs replaces logs, and drops those that are empty.
func (tx *tx) queueLogs(b *pgx.Batch) {
	var put, drop array[[16]byte]
	var data array[[]byte]
	for id, log := range tx.logs {
		if log == nil {
			drop = append(drop, id)
			continue
		}
		put, data = append(put, id), append(data, log)
	}
	if len(put) > 0 {
		b.Queue(tx.s.sql["logs_put"], put, data)
	}
	if len(drop) > 0 {
		b.Queue(tx.s.sql["logs_drop"], drop)
	}
}

// queueEvents appends events.
func (tx *tx) queueEvents(b *pgx.Batch) {
	n := len(tx.events)
	if n == 0 {
		return
	}
	var (
		at                      = make(array[time.Time], n)
		boxes, seqs, runs, prev = make(array[int64], n), make(array[int64], n), make(array[int64], n), make(array[int64], n)
		attempts                = make(array[int32], n)
		types                   = make(array[int16], n)
		ids, tasks              = make(array[[16]byte], n), make(array[[16]byte], n)
		data                    = make(array[[]byte], n)
	)
	for i, e := range tx.events {
		at[i], boxes[i], seqs[i], runs[i], prev[i] = e.At, e.mailbox, e.Seq, e.Run, e.prev
		attempts[i], types[i], ids[i], tasks[i], data[i] = int32(e.Attempt), int16(column.EventTypes.Number(e.Type)), e.id, e.task, e.Data
	}
	b.Queue(tx.s.sql["events_insert"], at, boxes, seqs, runs, prev, attempts, types, ids, tasks, data)
}

func (tx *tx) changedBoxes() []*mailbox {
	var all []*mailbox
	for _, m := range tx.boxes {
		if m.changed {
			all = append(all, m)
		}
	}
	return all
}

// queueBoxes writes mailboxes: once for a batch, however many events it holds for a hot client.
func (tx *tx) queueBoxes(b *pgx.Batch) {
	var ids, heads, acked array[int64]
	var used array[time.Time]
	for _, m := range tx.changedBoxes() {
		ids, heads, acked, used = append(ids, m.id), append(heads, m.Head), append(acked, m.Acked), append(used, m.usedAt)
	}
	if len(ids) > 0 {
		b.Queue(tx.s.sql["mailboxes_update"], ids, heads, acked, used)
	}
}

// queueMoves appends what has moved, a row for each queue.
func (tx *tx) queueMoves(b *pgx.Batch) {
	var queues array[string]
	var scheduled, queued, running array[int32]
	for queue, m := range tx.moves {
		if *m == (moves{}) {
			continue
		}
		queues, scheduled = append(queues, queue), append(scheduled, m.scheduled)
		queued, running = append(queued, m.queued), append(running, m.running)
	}
	if len(queues) > 0 {
		b.Queue(tx.s.sql["moves_insert"], queues, scheduled, queued, running)
	}
}
