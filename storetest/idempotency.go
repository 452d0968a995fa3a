package storetest

import (
	"errors"
	"fmt"
	"sync"

	"github.com/lastcall-dev/lastcall"
)

// keyed is a submission under a key.
func keyed(scope, key, digest string) lastcall.Submission {
	return lastcall.Submission{Type: "a", Client: scope, Idempotency: &lastcall.IdempotencyKey{Scope: scope, Key: key, Digest: digest}}
}

func keyReplays(f *fixture) {
	first := f.submitOne(keyed("alice", "k", "d"))
	for _, s := range []lastcall.Store{f.store, f.handle()} {
		answer, err := s.Submit(f.ctx, []lastcall.Submission{keyed("alice", "k", "d")})
		f.must(err)
		if !answer[0].Replayed {
			f.Fatal("a repeat was not answered as one")
		}
		f.wantTask(answer[0].Task, first)
	}
	f.wantIDs(f.list(lastcall.Filter{}), first)
}

func keyReplaysAsItStandsNow(f *fixture) {
	n := f.node()
	f.submitOne(keyed("alice", "k", "d"))
	done := n.settle(succeed(n.start("a"), "1"))
	answer, err := f.store.Submit(f.ctx, []lastcall.Submission{keyed("alice", "k", "d")})
	f.must(err)
	f.wantTask(answer[0].Task, done)
	if got := n.claim(1, "a"); len(got) != 0 {
		f.Fatal("a repeat ran again")
	}
}

func keyMismatch(f *fixture) {
	first := f.submitOne(keyed("alice", "k", "d"))
	_, err := f.store.Submit(f.ctx, []lastcall.Submission{keyed("alice", "k", "other")})
	f.wantCode(err, lastcall.CodeIdempotencyMismatch)
	_, err = f.store.Submit(f.ctx, []lastcall.Submission{{Type: "a"}, keyed("alice", "new", "d"), keyed("alice", "k", "other")})
	f.wantCode(err, lastcall.CodeIdempotencyMismatch)
	if e, ok := errors.AsType[*lastcall.Error](err); !ok || len(e.Fields) != 1 || e.Fields[0].Item == nil || *e.Fields[0].Item != 2 {
		f.Fatalf("the third of a call has another body, and the error names %+v", err)
	}
	f.wantIDs(f.list(lastcall.Filter{}), first)
	f.submitOne(keyed("alice", "new", "x")) // and the key of what was not written is free
}

func keyScopes(f *fixture) {
	seen := map[string]bool{}
	for _, k := range [][2]string{{"alice", "k"}, {"bob", "k"}, {"alice", "K"}, {"a", "licek"}, {"alice", "k "}, {"日", "本"}} {
		t := f.submitOne(keyed(k[0], k[1], k[0])) // fails on a replay, and on a mismatch
		if seen[t.ID] {
			f.Fatalf("the key %q was taken for another", k)
		}
		seen[t.ID] = true
	}
}

func keyInOneCall(f *fixture) {
	answer, err := f.store.Submit(f.ctx, []lastcall.Submission{keyed("alice", "k", "d"), {Type: "b"}, keyed("alice", "k", "d")})
	f.must(err)
	if answer[0].Replayed || answer[1].Replayed || !answer[2].Replayed {
		f.Fatalf("the answers are repeats %v, %v, %v", answer[0].Replayed, answer[1].Replayed, answer[2].Replayed)
	}
	f.wantTask(answer[2].Task, answer[0].Task)
	_, err = f.store.Submit(f.ctx, []lastcall.Submission{keyed("alice", "j", "d"), keyed("alice", "j", "other")})
	f.wantCode(err, lastcall.CodeIdempotencyMismatch)
	if all := f.list(lastcall.Filter{}); len(all) != 2 {
		f.Fatalf("%d tasks were made, want 2", len(all))
	}
}

// Sixteen callers on two handles submit under the same ten keys at once: ten tasks, and everybody gets the same ones.
func keyAtOnce(f *fixture) {
	const callers, keys = 16, 10
	stores := []lastcall.Store{f.store, f.handle()}
	var (
		mu    sync.Mutex
		made  = map[string]string{} // key: task
		fresh = 0
	)
	f.together(callers, func(i int) error {
		for k := range keys {
			key := fmt.Sprint("k", (k+i)%keys)
			answer, err := stores[i%2].Submit(f.ctx, []lastcall.Submission{keyed("alice", key, "d")})
			if err != nil {
				return err
			}
			mu.Lock()
			if other, known := made[key]; known && other != answer[0].Task.ID {
				f.Errorf("the key %s made the tasks %s and %s", key, other, answer[0].Task.ID)
			}
			made[key] = answer[0].Task.ID
			if !answer[0].Replayed {
				fresh++
			}
			mu.Unlock()
		}
		return nil
	})
	if all := f.list(lastcall.Filter{}); len(all) != keys || fresh != keys {
		f.Fatalf("%d keys made %d tasks, and %d callers were told that theirs was the first", keys, len(all), fresh)
	}
}

func keySurvives(f *fixture) {
	h := f.handle()
	answer, err := h.Submit(f.ctx, []lastcall.Submission{keyed("alice", "k", "d")})
	f.must(err)
	f.must(h.Close())
	again, err := f.handle().Submit(f.ctx, []lastcall.Submission{keyed("alice", "k", "d")})
	f.must(err)
	if !again[0].Replayed || again[0].Task.ID != answer[0].Task.ID {
		f.Fatalf("after a restart a known key made %+v", again[0])
	}
}
