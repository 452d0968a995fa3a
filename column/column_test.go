package column

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/lastcall-dev/lastcall"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The numbers stand in files and databases: whoever moves one makes all that was written say something else.
func TestTheNumbersOfNamesStay(t *testing.T) {
	statuses := Names[lastcall.Status]{"scheduled", "queued", "running", "succeeded", "failed", "canceled", "expired"}
	events := Names[lastcall.EventType]{
		"task.succeeded", "task.failed", "task.canceled", "task.expired", "task.retrying", "task.interrupted",
	}
	for i, name := range statuses {
		if got, err := Statuses.At(i); got != name || err != nil || Statuses.Number(name) != i {
			t.Errorf("%d is %q (%v), %q is %d", i, got, err, name, Statuses.Number(name))
		}
	}
	if diff := cmp.Diff(events, EventTypes[:len(events)]); diff != "" {
		t.Error(diff)
	}
	for _, n := range []int{-1, len(Statuses)} {
		if name, err := Statuses.At(n); err == nil {
			t.Errorf("%d is %q", n, name)
		}
	}
}

func TestStatementsAreFoundByTheirNames(t *testing.T) {
	files := fstest.MapFS{
		"query/a.sql": {Data: []byte("-- what a file says of itself\n\n-- name: one\nSELECT 1;\n\n-- name: two\n-- why\nSELECT 2;\n")},
		"query/b.sql": {Data: []byte("-- name: three\nSELECT 3;")},
	}
	want := map[string]string{"one": "SELECT 1;", "two": "-- why\nSELECT 2;", "three": "SELECT 3;"}
	if diff := cmp.Diff(want, Statements(files, "query")); diff != "" {
		t.Error(diff)
	}
	files["query/c.sql"] = &fstest.MapFile{Data: []byte("-- name: one\nSELECT 4;")}
	defer func() {
		if recover() == nil {
			t.Error("two statements have one name, and nobody minds")
		}
	}()
	Statements(files, "query")
}

// G10: whatever comes as a cursor is a place or refused with the name of the field.
func FuzzPageToken(f *testing.F) {
	f.Add("")
	f.Add(PageToken(uuid.UUID{1, 2, 3}))
	f.Add("AAAA")
	f.Add("not base64!")
	f.Fuzz(func(t *testing.T, token string) {
		id, err := ParsePageToken(token)
		if err != nil {
			if lastcall.CodeOf(err) != lastcall.CodeInvalidRequest {
				t.Fatal(err)
			}
			return
		}
		if token != "" && PageToken(id) != token {
			t.Fatalf("%q is read as %s, whose token is %q", token, id, PageToken(id))
		}
	})
}

// G10: whatever comes as an id is an id or none.
func FuzzTaskID(f *testing.F) {
	f.Add(uuid.UUID{1, 2, 3}.String())
	f.Add("urn:uuid:01890000-0000-7000-8000-000000000000")
	f.Add("{01890000-0000-7000-8000-000000000000}")
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := ParseID(s); ok && !strings.EqualFold(id.String(), s) {
			t.Fatalf("%q is read as %s", s, id)
		}
	})
}
