package witness

import (
	"reflect"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for what, c := range map[string]struct {
		trace string
		want  []Call
	}{
		"a write": {
			`12 pwrite64(9</data/a>, "a\n\"\\\0\18\377", 8, 4096) = 8`,
			[]Call{{"12", "pwrite64", []string{"9</data/a>", `""`, "8", "4096"}, "/data/a", []byte("a\n\"\\\x00\x018\xff"), 8, 1, 1}},
		},
		"a write that was taken in part": {
			`12 write(9<socket:[7]>, "abcd", 4) = 2`,
			[]Call{{"12", "write", []string{"9<socket:[7]>", `""`, "4"}, "socket:[7]", []byte("ab"), 2, 1, 1}},
		},
		"a write of several texts": {
			`12 writev(9<socket:[7]>, [{iov_base="ab", iov_len=2}, {iov_base="c", iov_len=1}], 2) = 3`,
			[]Call{{
				"12", "writev",
				[]string{"9<socket:[7]>", `[{iov_base=""`, "iov_len=2}", `{iov_base=""`, "iov_len=1}]", "2"},
				"socket:[7]", []byte("abc"), 3, 1, 1,
			}},
		},
		"a read whose data come at its end, beside a short call of another thread": {
			"12    read(9<socket:[7]>,  <unfinished ...>\n13 fsync(8</data/a>)            = 0\n12 <... read resumed>\"ab\", 4096) = 2",
			[]Call{
				{"12", "read", []string{"9<socket:[7]>", `""`, "4096"}, "socket:[7]", []byte("ab"), 2, 1, 3},
				{"13", "fsync", []string{"8</data/a>"}, "/data/a", nil, 0, 2, 2},
			},
		},
		"a failure": {
			`12 fsync(8</data/a>) = -1 EIO (Input/output error) (INJECTED)`,
			[]Call{{"12", "fsync", []string{"8</data/a>"}, "/data/a", nil, -1, 1, 1}},
		},
		"calls that were killed": {
			"12 pwrite64(9</data/a>, \"a\", 1, 0 <unfinished ...>\n13 fsync(8</data/a> <unfinished ...>) = ?\n" +
				"14 fsync(8</data/a>) = ? <unavailable>\n12 +++ killed by SIGKILL +++",
			[]Call{
				{"12", "pwrite64", []string{"9</data/a>", `""`, "1", "0"}, "/data/a", []byte("a"), 0, 1, Never},
				{"13", "fsync", []string{"8</data/a>"}, "/data/a", nil, 0, 2, Never},
				{"14", "fsync", []string{"8</data/a>"}, "/data/a", nil, 0, 3, Never},
			},
		},
		"a killed call of which the rest was seen": {
			"12 fsync(8</data/a> <unfinished ...>\n12 <... fsync resumed> <unfinished ...>) = ?",
			[]Call{{"12", "fsync", []string{"8</data/a>"}, "/data/a", nil, 0, 1, Never}},
		},
		"a file that is made": {
			`12 openat(AT_FDCWD</>, "/data/a", O_RDWR|O_CREAT, 0600) = 9</data/a>`,
			[]Call{{
				"12", "openat",
				[]string{"AT_FDCWD</>", `""`, "O_RDWR|O_CREAT", "0600"},
				"/data/a", []byte("/data/a"), 9, 1, 1,
			}},
		},
		"a file that is removed": {
			`12 unlinkat(AT_FDCWD</>, "/data/a", 0) = 0`,
			[]Call{{"12", "unlinkat", []string{"AT_FDCWD</>", `""`, "0"}, "/data/a", []byte("/data/a"), 0, 1, 1}},
		},
		"memory": {
			`12 mmap(NULL, 32768, PROT_READ, MAP_SHARED, 11</data/a-shm>, 0) = 0x7f641bb0b000`,
			[]Call{{
				"12", "mmap",
				[]string{"NULL", "32768", "PROT_READ", "MAP_SHARED", "11</data/a-shm>", "0"},
				"/data/a-shm", nil, 0x7f641bb0b000, 1, 1,
			}},
		},
		"signals": {"12 --- SIGURG {si_signo=SIGURG} ---\n12 +++ exited with 0 +++", nil},
	} {
		t.Run(what, func(t *testing.T) {
			got, err := Parse(strings.NewReader(c.trace))
			if err != nil || !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v, %v\nwant %+v", got, err, c.want)
			}
		})
	}
}

// A trace that is not understood proves nothing.
func TestParseRefusesWhatItDoesNotUnderstand(t *testing.T) {
	for what, trace := range map[string]string{
		"another text":               "hello",
		"no call":                    "12 hello world",
		"an end without beginning":   "12 <... read resumed>\"ab\", 4096) = 2",
		"data that were cut short":   `12 pwrite64(9</data/a>, "ab"..., 4096, 0) = 4096`,
		"data that are not all":      `12 pwrite64(9</data/a>, "ab", 4096, 0) = 4096`,
		"a text without an end":      `12 pwrite64(9</data/a>, "ab\`,
		"a result that is no number": `12 fsync(8</data/a>) = well`,
	} {
		if calls, err := Parse(strings.NewReader(trace)); err == nil {
			t.Errorf("%s: got %+v", what, calls)
		}
	}
}
