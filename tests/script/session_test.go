package script_test

import (
	"bufio"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"
)

// commands are what scripts can do beside running programs.
var commands = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"serve": serve,
	"sigterm": func(ts *testscript.TestScript, neg bool, args []string) {
		usage(ts, "sigterm", !neg && len(args) == 0)
		stop(ts)
	},
	"keep": keep,
	"json": jsonLines,
}

// node is the process that serve has started.
type node struct {
	cmd  *exec.Cmd
	gone chan error
}

// nodeKey is under which a script's node is kept.
type nodeKey struct{}

// nodes are where serve leaves a script's node for sigterm. Each script has its own.
func nodes(env *testscript.Env) { env.Values[nodeKey{}] = &node{} }

// serve [FLAG...] starts a node on a free port, later ones on the same, with its data in $WORK/lastcall.db, and sets
// LASTCALL_SERVER to its address. It is killed at the end of the script.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, "serve [FLAG...]", !neg)
	listen := "127.0.0.1:0"
	if url := ts.Getenv("LASTCALL_SERVER"); url != "" {
		listen = strings.TrimPrefix(url, "http://")
	}
	cmd := exec.Command(filepath.Join(ts.Getenv("BIN"), "lastcall"), append([]string{
		"serve", "--listen", listen, "--store", "sqlite:" + ts.MkAbs("lastcall.db"), "--node", "here",
	}, args...)...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = []string{"PATH=" + ts.Getenv("PATH"), "HOME=" + ts.MkAbs(".")}
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	n, _ := ts.Value(nodeKey{}).(*node)
	*n = node{cmd, make(chan error, 1)}
	var complaint strings.Builder
	cmd.Stderr = &complaint
	ts.Check(cmd.Start())
	lines, url := bufio.NewScanner(out), ""
	for url == "" && lines.Scan() {
		_, url, _ = strings.Cut(lines.Text(), "listens at")
	}
	ts.Setenv("LASTCALL_SERVER", strings.TrimSpace(url))
	gone := n.gone
	go func() { // ends with the process, which the deferred function kills
		for lines.Scan() {
			continue
		}
		gone <- cmd.Wait()
	}()
	ts.Defer(func() {
		if n.cmd == cmd {
			_ = cmd.Process.Kill()
			<-gone
		}
	})
	if url == "" {
		err := <-gone
		n.cmd = nil
		ts.Fatalf("the node did not begin to listen: %v\n%s", err, complaint.String())
	}
}

// stop sends SIGTERM to the node, and fails unless it ends with exit code 0.
func stop(ts *testscript.TestScript) {
	n, _ := ts.Value(nodeKey{}).(*node)
	ts.Check(n.cmd.Process.Signal(syscall.SIGTERM))
	err := <-n.gone
	n.cmd = nil
	ts.Check(err)
}

// keep NAME FILE [KEY] sets a variable to what FILE (stdout) holds, or to the field KEY of the JSON in its last line.
func keep(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, "keep NAME FILE [KEY]", !neg && (len(args) == 2 || len(args) == 3))
	text := strings.TrimSpace(ts.ReadFile(args[1]))
	if len(args) == 3 {
		lines := strings.Split(text, "\n")
		var fields map[string]any
		ts.Check(json.Unmarshal([]byte(lines[len(lines)-1]), &fields))
		value, ok := fields[args[2]].(string)
		if !ok {
			ts.Fatalf("%s is no text in %s", args[2], lines[len(lines)-1])
		}
		text = value
	}
	ts.Setenv(args[0], text)
}

// json FILE KEY... fails unless every line of FILE (stdout) is an object of JSON that has all the keys, and there is one.
func jsonLines(ts *testscript.TestScript, neg bool, args []string) {
	usage(ts, "json FILE KEY...", !neg && len(args) > 0)
	text := strings.TrimSpace(ts.ReadFile(args[0]))
	for line := range strings.SplitSeq(text, "\n") {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			ts.Fatalf("%q is no object of JSON: %v", line, err)
		}
		for _, key := range args[1:] {
			if _, ok := fields[key]; !ok {
				ts.Fatalf("%s has no %s", line, key)
			}
		}
	}
}

func usage(ts *testscript.TestScript, text string, right bool) {
	if !right {
		ts.Fatalf("usage: %s", text)
	}
}
