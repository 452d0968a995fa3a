package witness

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const target = dir + "/a"

// create makes the file, so that it is there after a power cut too.
func (s *script) create() *script { return s.open().sync(dir) }

func (s *script) open() *script {
	return s.call(1, `openat(AT_FDCWD</>, "%s", O_RDWR|O_CREAT, 0600) = 9<%s>`, target, target)
}
func (s *script) unlink() *script { return s.call(1, `unlink("%s") = 0`, target) }
func (s *script) truncate(size int) *script {
	return s.call(1, "ftruncate(9<%s>, %d) = 0", target, size)
}

// G1: the disk forgets what was not synced, and nothing else.
func TestAPowerCutLeavesWhatWasSynced(t *testing.T) {
	const gone = "(no file)"
	for what, c := range map[string]struct {
		trace *script
		want  string
	}{
		"written and synced":                {new(script).create().write(target, "abc", 0).sync(target), "abc"},
		"written and not synced":            {new(script).create().write(target, "abc", 0), ""},
		"written over and not synced":       {new(script).create().write(target, "abc", 0).sync(target).write(target, "x", 1), "abc"},
		"written behind the end and synced": {new(script).create().write(target, "c", 2).sync(target), "\x00\x00c"},
		"cut and synced":                    {new(script).create().write(target, "abc", 0).truncate(1).sync(target), "a"},
		"cut and not synced":                {new(script).create().write(target, "abc", 0).sync(target).truncate(1), "abc"},
		"lengthened and synced":             {new(script).create().truncate(2).sync(target), "\x00\x00"},
		"written while the sync went on":    {new(script).create().begin(target).write(target, "abc", 0).end("0"), ""},
		"the sync was never back":           {new(script).create().write(target, "abc", 0).begin(target), ""},
		"a failed sync forgets": {
			new(script).create().write(target, "abc", 0).begin(target).end("-1 EIO (x)").sync(target), "",
		},
		"what is written again after a failed sync is kept": {
			new(script).create().write(target, "abc", 0).begin(target).end("-1 EIO (x)").write(target, "b", 1).sync(target), "\x00b",
		},
		"made, and its directory not synced": {new(script).open().write(target, "abc", 0).sync(target), gone},
		"removed, and its directory not synced": {
			new(script).create().write(target, "abc", 0).sync(target).unlink(), "abc",
		},
		"removed, and its directory synced": {new(script).create().write(target, "abc", 0).sync(target).unlink().sync(dir), gone},
	} {
		t.Run(what, func(t *testing.T) {
			d := NewDisk(dir, c.trace.parse(t))
			if err := d.Advance(Never); err != nil {
				t.Fatal(err)
			}
			into := t.TempDir()
			if err := d.Cut(into, Whole, nil); err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(into, "a"))
			if os.IsNotExist(err) {
				got = []byte(gone)
			}
			if string(got) != c.want {
				t.Errorf("left is %q, want %q", got, c.want)
			}
		})
	}
}

func TestADiskIsCutBeforeTheLineItWasAdvancedTo(t *testing.T) {
	d := NewDisk(dir, new(script).create().write(target, "abc", 0).sync(target).parse(t)) // the sync is line 4
	for line, want := range []string{4: "", 5: "abc"} {
		if err := d.Advance(line); err != nil {
			t.Fatal(err)
		}
		if f := d.kept[target]; f != nil && string(f.disk) != want {
			t.Errorf("before line %d the disk has %q, want %q", line, f.disk, want)
		}
	}
}

// What was not synced may be there all the same, sector by sector; what was synced is.
func TestATornWriteIsThereSectorBySector(t *testing.T) {
	whole := strings.Repeat("a", sector) + strings.Repeat("b", sector) + strings.Repeat("c", sector)
	s := new(script).create().write(target, strings.Repeat("-", 3*sector), 0).sync(target).write(target, whole, 0)
	d := NewDisk(dir, s.parse(t))
	if err := d.Advance(Never); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for seed := range uint64(100) {
		content := d.kept[target].left(Sectors, rand.New(rand.NewPCG(seed, 0)))
		var shape strings.Builder
		for at := 0; at < len(content); at += sector {
			part := string(content[at : at+sector])
			if strings.Trim(part, part[:1]) != "" {
				t.Fatalf("sector %d is torn itself: %q", at/sector, part)
			}
			shape.WriteString(part[:1])
		}
		seen[shape.String()] = true
	}
	if len(seen) != 8 {
		t.Errorf("of the eight ways to tear three sectors these were seen: %v", seen)
	}
}

// A power cut that is built from a trace proves nothing if the file could be changed unseen.
func TestADiskRefusesWhatItDoesNotKnow(t *testing.T) {
	for what, call := range map[string]string{
		"written through memory": "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 9</data/a>, 0) = 0x7f641bb0b000",
		"renamed":                `rename("/data/a", "/data/b") = 0`,
		"emptied when opened":    `openat(AT_FDCWD</>, "/data/a", O_RDWR|O_CREAT|O_TRUNC, 0600) = 9</data/a>`,
		"given room":             "fallocate(9</data/a>, 0, 0, 4096) = 0",
		"unknown before":         `pwrite64(9</data/b>, "b", 1, 0) = 1`,
	} {
		if err := NewDisk(dir, new(script).create().call(1, "%s", call).parse(t)).Advance(Never); err == nil {
			t.Errorf("%s: it went along", what)
		}
	}
	index := "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 9</data/a-shm>, 0) = 0x7f641bb0b000"
	if err := NewDisk(dir, new(script).create().call(1, "%s", index).parse(t)).Advance(Never); err != nil {
		t.Errorf("the index of the log is made anew after a crash, and may be written unseen: %v", err)
	}
}

func TestASecondLifeGoesOnWhereAKillHasLeftTheFirst(t *testing.T) {
	first := new(script).create().write(target, "a", 0).call(1, `pwrite64(9<%s>, "b", 1, 1 <unfinished ...>`, target).parse(t)
	second := new(script).write(target, "c", 2).sync(target).parse(t)
	for want, calls := range map[string][]Call{"a\x00c": Follow(first, second), "abc": Follow(Landed(first), second)} {
		d := NewDisk(dir, calls)
		if err := d.Advance(Never); err != nil {
			t.Fatal(err)
		}
		if got, ok := d.Cached("a"); string(got) != want || !ok {
			t.Errorf("programs see %q, want %q", got, want)
		}
		if got := d.kept[target].disk; string(got) != want {
			t.Errorf("the disk has %q, want %q", got, want)
		}
	}
}
