package storetest

import "github.com/lastcall-dev/lastcall"

// After a restore each client must be told that its mailbox is not the one that it knew: its cursor is of another epoch.
// What the mailbox holds, and how far it was acknowledged, stays (G5).
func mailboxesGetNewEpochs(f *fixture) {
	renewer, ok := underneath(f.store).(lastcall.EpochRenewer)
	if !ok {
		return // a store that is never restored from a copy
	}
	before := f.filled(3)
	f.must(f.store.Ack(f.ctx, "alice", lastcall.Cursor{Epoch: before.Epoch, Seq: 2}))
	const many = 1200 // more than a store may do at once
	f.manyMailboxes(many)
	w := f.watch()
	w.forget()
	n, err := renewer.NewEpoch(f.ctx)
	f.must(err)
	if n < many {
		f.Fatalf("%d mailboxes were given a new epoch, want at least %d", n, many)
	}
	w.wait("a mailbox", func(h lastcall.Hint) bool { return h == lastcall.Hint{} || h.Client == "alice" })

	after, events := f.mailbox("alice")
	want := lastcall.Mailbox{Client: "alice", Epoch: after.Epoch, Oldest: 1, Head: 3, Acked: 2}
	if after != want || after.Epoch == before.Epoch || len(events) != 3 {
		f.Fatalf("the mailbox %+v became %+v with %d events", before, after, len(events))
	}
	if _, gap := after.Resume(lastcall.Cursor{Epoch: before.Epoch, Seq: 3}); gap == nil || gap.Why != lastcall.GapEpoch {
		f.Fatalf("who knew the mailbox before is told of the gap %+v", gap)
	}
	if again := f.openMailbox(f.handle(), "alice"); again != after {
		f.Fatalf("another node sees the mailbox %+v, want %+v", again, after)
	}
	f.must(f.store.Ack(f.ctx, "alice", lastcall.Cursor{Epoch: before.Epoch, Seq: 3}))
	if again := f.openMailbox(f.store, "alice"); again != after {
		f.Fatalf("an ack of the old epoch made the mailbox %+v", again)
	}
}

// manyMailboxes makes mailboxes of so many clients.
func (f *fixture) manyMailboxes(n int) {
	f.Helper()
	f.together(16, func(worker int) error {
		for i := worker; i < n; i += 16 {
			if _, err := f.store.OpenMailbox(f.ctx, "client-"+string(rune('一'+i))); err != nil {
				return err
			}
		}
		return nil
	})
}

// underneath is the store that a handle wraps: what it can do beyond the contract is found there.
func underneath(s lastcall.Store) lastcall.Store {
	if h, wrapped := s.(*handle); wrapped {
		return h.Store
	}
	return s
}
