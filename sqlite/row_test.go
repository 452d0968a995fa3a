package sqlite

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lastcall-dev/lastcall"
)

// A damaged row is an error that says which, never a panic or a task that is half there.
func FuzzRowsThatAreDamaged(f *testing.F) {
	f.Add(int64(1), int64(0), "", "", []byte(nil), []byte("{}"))
	f.Add(int64(3), int64(15), `{"k":"v"}`, `{"percent":4,"at":"2026-01-02T03:04:05Z"}`, []byte(`{"code":"x"}`), []byte("null"))
	f.Add(int64(99), int64(-1), "[", "{", []byte("nonsense"), []byte{0, 255})
	f.Add(int64(0), int64(1<<40), `{"k":1}`, "null", []byte("null"), []byte{})
	s := testStore(f)
	f.Fuzz(func(t *testing.T, status, parts int64, labels, progress string, fault, input []byte) {
		err := s.read(t.Context(), "test", func(v view) error {
			st := v.conn.Stmt(`SELECT zeroblob(16), ?, 'type', 'queue', 'client', 1, 2, 3, 4, 5, 6, 7, 8, 9, NULL, 10, NULL,
				11, 'owner', 'node', NULL, '', ?, ?, ?, ?, ?, NULL, zeroblob(0), 12`)
			st.Int(status).Text(labels).Text(progress).Int(parts).Bytes(fault).Bytes(input)
			defer st.Reset()
			if _, err := st.Step(); err != nil {
				return err
			}
			r, err := scanTask(st)
			if err != nil {
				return nil // a refusal is a right answer
			}
			if !r.Status.Valid() || r.ID == "" {
				t.Errorf("read %+v", r.Task)
			}
			_ = v.getParts(r) // its answer does not matter: it must not panic
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// What is read is what was written, where a field has several ways to be nothing.
func TestNothingIsReadAsNothing(t *testing.T) {
	s := testStore(t)
	node := join(t, s, "node")
	for _, sub := range []lastcall.Submission{
		{Type: "a"},
		{Type: "a", Labels: map[string]string{}, Input: []byte{}},
		{Type: "a", Input: []byte("null")},
	} {
		submitted := submitOne(t, s, sub)
		claimed := claimOne(t, s, node, "a")
		if claimed.ID != submitted.ID || (claimed.Input == nil) != (submitted.Input == nil) || claimed.Labels != nil {
			t.Errorf("submitted %+v, claimed %+v", submitted, claimed)
		}
		settled, err := s.Settle(t.Context(), lastcall.Outcome{
			Task: claimed.ID, Run: claimed.Run, Verdict: lastcall.Fail, Permanent: true,
			Error: &lastcall.TaskError{Code: "x", Detail: []byte("no JSON")}, Checkpoint: []byte{},
		})
		if err != nil {
			t.Fatal(err)
		}
		read, err := s.Task(t.Context(), claimed.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(settled, read, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("settled and read (-settled +read):\n%s", diff)
		}
	}
}
