// Package docs_test runs the documents: it reads every page of the repository as its reader does, from the top, and does
// what stands there. What a page says and what is tested is one text, so that they cannot drift apart.
//
// A page is a session at a terminal, in a folder of its own, with the real binary as "lastcall". Fenced blocks say by
// their first line what is to be done with them; what follows the language is not shown to readers:
//
//	sh               run, all of it, with exit code 0
//	sh server        run in a terminal of its own, in the place of what ran there before, which is told to stop by Ctrl-C
//	sh ctrl-c        run when what runs in that other terminal has been stopped by Ctrl-C
//	sh endless       run until the page ends, as it would go on for ever; what follows waits until it says something
//	console          run what stands behind "$ ", and compare what is said with what is shown; "…" stands for anything
//	LANG file=NAME   written to that file in the page's folder; some command has to use it
//	json             what the command before it answered, in the same shape
//	yaml             read as lastcall.yaml, strictly
//	go               compiled; a fragment within its frame in testdata/frames
//	sql              run by psql
//	text             nothing: a picture
//
// A comment with a path above a block says that it is that file of the repository. What is run nowhere stands in
// elsewhere_test.go, with the reason. There is no other block: a page that has one fails.
//
// Nothing is changed in what is run but the ports, which are free ones, and what a page's entry in pages_test.go lists.
package docs_test

import (
	"testing"

	"github.com/lastcall-dev/lastcall/tests/lab"
	"github.com/lastcall-dev/lastcall/tests/pg"
)

func TestMain(m *testing.M) {
	lab.SideBySide(6)
	lab.Main(pg.Main(m))
}
