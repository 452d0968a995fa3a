package sqlite

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A lease here is a lock on the file PATH.node-INCARNATION, held as long as the process lives. The file must not be
// removed by hand while it does: an incarnation without a file counts as dead, as after a move or a restore of the
// database alone.

func leasePath(path, incarnation string) string { return path + ".node-" + incarnation }

// newLease names a new incarnation and takes its lock. It does so under the lock of the set-up, so that removeOrphans
// does not take the file, in the moment before it is locked, for a dead one's.
func (s *Store) newLease(ctx context.Context) (incarnation string, f *os.File, err error) {
	setup, err := lockSetup(ctx, s.path)
	if err != nil {
		return "", nil, err
	}
	defer setup.Close()
	incarnation = strings.ToLower(rand.Text()[:20]) // 100 bits, never met before
	f, err = os.OpenFile(leasePath(s.path, incarnation), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", nil, err
	}
	if ok, err := tryLock(f); err != nil || !ok {
		return "", nil, errors.Join(err, fmt.Errorf("no lock on the new file %s", f.Name()), dropLease(f))
	}
	return incarnation, f, nil
}

// dropLease removes a lock file, then gives its lock back: in this order nobody can lock a file that is going away.
func dropLease(f *os.File) error {
	err := os.Remove(f.Name())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

// keepLease makes the lease the store's, to be held until leave or close.
func (s *Store) keepLease(incarnation string, f *os.File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.leases == nil {
		s.leases = map[string]*os.File{}
	}
	s.leases[incarnation] = f
}

// takeLease takes it back out, nil if it is not this store's.
func (s *Store) takeLease(incarnation string) *os.File {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.leases[incarnation]
	delete(s.leases, incarnation)
	return f
}

func (s *Store) holds(incarnation string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leases[incarnation] != nil
}

// dead is an incarnation that was found dead: its lock could be had and is held, so that of many who look one alone
// buries it. File is nil where there was none.
type dead struct {
	incarnation string
	file        *os.File
}

// findDead looks which of the incarnations that count as joined are dead. Whoever calls it must call letGo.
func (s *Store) findDead(ctx context.Context) (found []dead, err error) {
	var joined []string
	err = s.read(ctx, "nodes", func(v view) error {
		st := v.stmt("nodes_joined")
		return each(st, func() error { joined = append(joined, st.ColText(0)); return nil })
	})
	if err != nil {
		return nil, err
	}
	siblings := false
	for _, incarnation := range joined {
		if s.holds(incarnation) {
			continue
		}
		d, isDead, err := s.look(incarnation)
		if err != nil {
			return nil, errors.Join(err, letGo(found, false))
		}
		if isDead {
			found = append(found, d)
		} else {
			siblings = true
		}
	}
	s.writer.siblings.Store(siblings)
	return found, nil
}

// look tries the lock of an incarnation of somebody else's.
func (s *Store) look(incarnation string) (d dead, isDead bool, err error) {
	d.incarnation = incarnation
	d.file, err = os.OpenFile(leasePath(s.path, incarnation), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		d.file = nil
		return d, true, nil
	}
	if err != nil {
		return d, false, err
	}
	isDead, err = tryLock(d.file)
	if !isDead || err != nil {
		return d, false, errors.Join(err, d.file.Close())
	}
	return d, true, nil
}

// letGo gives the locks of the dead back, and removes the files when all that they ran is taken care of.
func letGo(found []dead, buried bool) error {
	var err error
	for _, d := range found {
		switch {
		case d.file == nil:
		case buried:
			err = errors.Join(err, dropLease(d.file))
		default:
			err = errors.Join(err, d.file.Close())
		}
	}
	return err
}

// removeOrphans removes the lock files that nobody holds and no incarnation will come back to: those of processes that
// died between making the file and writing their row, and of dead ones whose file could not be removed. A dead one that
// is still to be buried needs no file. The caller holds the lock of the set-up.
func removeOrphans(path string) error {
	dir, base := filepath.Split(leasePath(path, ""))
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), base) {
			continue
		}
		f, err := os.OpenFile(filepath.Join(dir, e.Name()), os.O_RDWR, 0)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if ok, err := tryLock(f); err != nil || !ok {
			err = errors.Join(err, f.Close())
			if err != nil {
				return err
			}
			continue
		}
		if err := dropLease(f); err != nil {
			return err
		}
	}
	return nil
}
