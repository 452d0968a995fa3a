package witness

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

// sector is what a disk writes at once, or not at all.
const sector = 512

// Loss is what becomes of that which was not synced. The kernel writes what it likes when it likes, in any order, and what
// a disk has in its cache it writes in an order of its own.
type Loss int

// The losses.
const (
	// Whole: nothing is left but what has to be.
	Whole Loss = iota
	// Writes: each write is there or is not, whichever came first.
	Writes
	// Sectors: of each write, each sector is there or is not.
	Sectors

	losses
)

// LossOf is a loss for the round of that number, so that all have their turns.
func LossOf(round int) Loss { return Loss(round) % losses }

func (l Loss) String() string {
	return [...]string{"all that was not synced is lost", "writes are lost", "sectors are lost"}[l]
}

// Cut writes what a power cut would leave now to a directory. Names that were made or removed since the directory was
// synced last are subject to chance too.
func (d *Disk) Cut(into string, loss Loss, chance *rand.Rand) error {
	paths := slices.Collect(maps.Keys(d.kept))
	if loss != Whole {
		for path := range d.names {
			if d.kept[path] == nil {
				paths = append(paths, path)
			}
		}
	}
	slices.Sort(paths) // so that chance comes out the same
	for _, path := range paths {
		f := d.kept[path]
		if loss != Whole && f != d.names[path] && chance.IntN(2) == 0 {
			f = d.names[path]
		}
		if f == nil {
			continue
		}
		if err := os.WriteFile(filepath.Join(into, filepath.Base(path)), f.left(loss, chance), 0o600); err != nil {
			return fmt.Errorf("cut: %w", err)
		}
	}
	return nil
}

// left is what is left of a file's content.
func (f *file) left(loss Loss, chance *rand.Rand) []byte {
	content := slices.Clone(f.disk)
	if loss == Whole {
		return content
	}
	for _, ch := range f.pending {
		if ch.resizes {
			if chance.IntN(2) == 0 {
				content = ch.apply(content)
			}
			continue
		}
		for len(ch.data) > 0 {
			n := len(ch.data)
			if loss == Sectors {
				n = min(sector-ch.offset%sector, n)
			}
			if chance.IntN(2) == 0 {
				content = change{offset: ch.offset, data: ch.data[:n]}.apply(content)
			}
			ch = change{offset: ch.offset + n, data: ch.data[n:]}
		}
	}
	return content
}
