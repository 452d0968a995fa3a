package witness

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/google/uuid"
)

// Unsynced goes through what was told and returns what had not been on the disk by then (G1, and G5 for events): one
// line for each, none if all is well. Wal is the path of the write-ahead log.
//
// A row is told by its id, whose 16 bytes stand in every page that holds it. It was on the disk if a page with it had
// been written to the log, in a transaction whose last page had been written too, and if a sync of the log that began
// after all that had come back well before the answer began to leave.
func Unsynced(calls []Call, wal string, told Told) ([]string, error) {
	l := readLog(calls, wal)
	var found []string
	check := func(what, id string, asked, told int) error {
		raw, err := uuid.Parse(id)
		if err != nil {
			return fmt.Errorf("%s: the id %q: %w", what, id, err)
		}
		if why := l.why(raw[:], asked, told); why != "" {
			found = append(found, fmt.Sprintf("%s %s, told at line %d: %s", what, id, told, why))
		}
		return nil
	}
	for _, s := range told.Submits {
		asked := s.Asked
		if s.Replayed {
			asked = 0 // its row was written when it was asked for first
		}
		if err := check("task", s.Task.ID, asked, s.Told); err != nil {
			return nil, err
		}
	}
	for _, f := range told.Frames {
		if f.Event == nil {
			continue
		}
		if err := check("event", f.Event.ID, 0, f.Told); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// walLog is what was done to the write-ahead log.
type walLog struct {
	writes []*Call
	syncs  []*Call
}

func readLog(calls []Call, wal string) *walLog {
	l := &walLog{}
	for i := range calls {
		c := &calls[i]
		if c.Path != wal || !c.OK() {
			continue
		}
		switch c.Name {
		case "pwrite64", "write":
			l.writes = append(l.writes, c)
		case "fsync", "fdatasync":
			l.syncs = append(l.syncs, c)
		}
	}
	return l
}

// why says why the row was not on the disk between the lines asked and told, "" if it was. It begins with the latest
// write, as a page is written again each time that something on it changes.
func (l *walLog) why(id []byte, asked, told int) string {
	why := "its row had not been written to the log since it was asked for"
	for i, w := range slices.Backward(l.writes) {
		if w.Ended >= told || !bytes.Contains(w.Data, id) {
			continue
		}
		if w.Began <= asked {
			break
		}
		last := l.commit(i)
		if last == nil || last.Ended >= told {
			why = "its transaction had not been written to the log in full"
			continue
		}
		synced := slices.ContainsFunc(l.syncs, func(s *Call) bool { return s.Began > last.Ended && s.Ended < told })
		if synced {
			return ""
		}
		why = fmt.Sprintf("no sync of the log had begun after the row's commit (line %d) and come back well", last.Ended)
	}
	return why
}

// commit is the last write of the transaction in which write i is a page; nil if it has none. Each page follows a header
// of its own, and that of a transaction's last page tells how large the file is to be, where others have nothing
// (sqlite.org/fileformat2.html, section 4.1).
func (l *walLog) commit(i int) *Call {
	const headerSize = 24
	for j := max(i-1, 0); j+1 < len(l.writes); j++ {
		h := l.writes[j].Data
		if len(h) == headerSize && binary.BigEndian.Uint32(h[4:8]) != 0 {
			return l.writes[j+1]
		}
	}
	return nil
}
