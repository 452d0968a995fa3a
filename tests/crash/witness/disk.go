package witness

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Disk is a directory as a power cut would leave it: a file system that forgets what was not synced. It is as forgetful
// as POSIX allows:
//
//   - what was written to a file is there if it had been written before a sync of that file began that came back well;
//   - after a sync that failed, what it should have brought to the disk is forgotten, as the kernel takes those pages for
//     clean (fsyncgate, 2018): only what is written again can still get there;
//   - that a file was made or removed is there if its directory was synced after it.
//
// A Disk begins empty and is moved forward along a trace with Advance.
type Disk struct {
	dir   string
	moves []move
	names map[string]*file // as programs see them
	kept  map[string]*file // as a power cut would leave them
	err   error
}

// file is a file's content.
type file struct {
	cache   []byte   // as programs see it
	disk    []byte   // as a power cut would leave it
	pending []change // from cache to disk, in order
	gone    int      // changes that were pending before those
}

// change is a write, or a new length.
type change struct {
	offset  int
	data    []byte
	resizes bool // to offset; there is no data
}

// move is the beginning or the end of a call.
type move struct {
	line int
	call *Call
	sync *sync // of a sync: what its beginning found and its end brings to the disk
	end  bool
}

type sync struct {
	file  *file
	count int // of its changes, those that are gone included: two processes may sync one file at a time
	names map[string]*file
}

// NewDisk is the disk under a directory that was empty when the trace began. Paths in traces are real ones: so must dir be.
func NewDisk(dir string, calls []Call) *Disk {
	d := &Disk{dir: dir, names: map[string]*file{}, kept: map[string]*file{}}
	for i := range calls {
		c := &calls[i]
		if c.Path != dir && !strings.HasPrefix(c.Path, dir+"/") {
			continue
		}
		s := &sync{}
		d.moves = append(d.moves, move{line: c.Began, call: c, sync: s})
		if c.Ended != Never {
			d.moves = append(d.moves, move{line: c.Ended, call: c, sync: s, end: true})
		}
	}
	slices.SortStableFunc(d.moves, func(a, b move) int { return a.line - b.line })
	return d
}

// Advance moves on to just before a line. It fails when something was done to the directory that a Disk does not know.
func (d *Disk) Advance(line int) error {
	for len(d.moves) > 0 && d.moves[0].line < line && d.err == nil {
		m := d.moves[0]
		d.moves = d.moves[1:]
		switch {
		case m.end:
			d.err = d.ended(m.call, m.sync)
		case m.call.Name == "fsync" || m.call.Name == "fdatasync":
			d.syncing(m.call, m.sync)
		}
	}
	return d.err
}

// syncing notes what a sync that begins will bring to the disk.
func (d *Disk) syncing(c *Call, s *sync) {
	if c.Path == d.dir {
		s.names = maps.Clone(d.names)
	} else if s.file = d.names[c.Path]; s.file != nil {
		s.count = s.file.gone + len(s.file.pending)
	}
}

// ended does what a call has done.
func (d *Disk) ended(c *Call, s *sync) error {
	f := d.names[c.Path]
	switch c.Name {
	case "fsync", "fdatasync":
		d.synced(c, s)
		return nil
	case "read":
		return nil
	}
	if !c.OK() {
		return nil
	}
	switch c.Name {
	case "open", "openat":
		flags := strings.Join(c.Args, " ")
		if strings.Contains(flags, "O_TRUNC") {
			return fmt.Errorf("line %d: %s was emptied as it was opened", c.Began, c.Path)
		}
		if f == nil && strings.Contains(flags, "O_CREAT") {
			d.names[c.Path] = &file{}
		}
	case "unlink", "unlinkat":
		delete(d.names, c.Path)
	case "mmap":
		return mapped(c)
	case "pwrite64", "ftruncate":
		offset, err := strconv.Atoi(c.Args[len(c.Args)-1])
		if f == nil || err != nil {
			return fmt.Errorf("line %d: %s of %s at %v", c.Began, c.Name, c.Path, c.Args)
		}
		ch := change{offset, c.Data, c.Name == "ftruncate"}
		f.cache = ch.apply(f.cache)
		f.pending = append(f.pending, ch)
	default:
		return fmt.Errorf("line %d: %s of %s is nothing that a Disk knows", c.Began, c.Name, c.Path)
	}
	return nil
}

// mapped refuses memory through which a file could be written unseen. The index of the log is such a one, and is made
// anew by whoever opens the file first after a crash.
func mapped(c *Call) error {
	args := strings.Join(c.Args, " ")
	if strings.Contains(args, "MAP_SHARED") && strings.Contains(args, "PROT_WRITE") && !strings.HasSuffix(c.Path, "-shm") {
		return fmt.Errorf("line %d: %s can be written through memory", c.Began, c.Path)
	}
	return nil
}

// synced does what a sync has done, or failed to do.
func (d *Disk) synced(c *Call, s *sync) {
	f := s.file
	switch {
	case s.names != nil && c.OK():
		d.kept = s.names
	case f != nil:
		n := max(s.count-f.gone, 0)
		if c.OK() {
			for _, ch := range f.pending[:n] {
				f.disk = ch.apply(f.disk)
			}
		}
		f.pending, f.gone = f.pending[n:], f.gone+n
	}
}

// apply makes a change to a content, and returns it.
func (ch change) apply(content []byte) []byte {
	size := ch.offset + len(ch.data)
	content = append(content, make([]byte, max(size-len(content), 0))...)
	if ch.resizes {
		return content[:size]
	}
	copy(content[ch.offset:], ch.data)
	return content
}

// Cached is what programs see of a file; ok is false where there is none.
func (d *Disk) Cached(name string) (content []byte, ok bool) {
	f := d.names[filepath.Join(d.dir, name)]
	if f == nil {
		return nil, false
	}
	return f.cache, true
}
