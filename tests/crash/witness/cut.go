package witness

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
)

// sector is what a disk writes at once, or not at all.
const sector = 512

// Cut writes what a power cut would leave now to a directory. Without chance, nothing is left but what has to be. With
// it, each sector of what was not synced is there or is not, as the disk and the kernel had got to it.
func (d *Disk) Cut(into string, chance *rand.Rand) error {
	for path, f := range d.kept {
		content := f.disk
		if chance != nil {
			content = f.torn(chance)
		}
		if err := os.WriteFile(filepath.Join(into, filepath.Base(path)), content, 0o600); err != nil {
			return fmt.Errorf("cut: %w", err)
		}
	}
	return nil
}

// torn is the content with some sectors of what was not synced.
func (f *file) torn(chance *rand.Rand) []byte {
	content := slices.Clone(f.disk)
	for _, ch := range f.pending {
		if ch.resizes && chance.IntN(2) == 0 {
			content = ch.apply(content)
		}
		for len(ch.data) > 0 {
			n := min(sector-ch.offset%sector, len(ch.data))
			if chance.IntN(2) == 0 {
				content = change{offset: ch.offset, data: ch.data[:n]}.apply(content)
			}
			ch = change{offset: ch.offset + n, data: ch.data[n:]}
		}
	}
	return content
}
