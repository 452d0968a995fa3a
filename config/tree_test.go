package config

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// What YAML has in store for those who write it by hand or by template.
func TestSurprisesOfYAMLAreNone(t *testing.T) {
	for name, content := range map[string]string{
		"a byte order mark":            "\ufeffnode: a\ngrace: 40s\n",
		"lines that end as on Windows": "node: a\r\ngrace: 40s\r\n",
		"a document that says it is":   "---\nnode: a\ngrace: 40s\n...\n",
		"comments and quotes":          "# nodes\nnode: 'a' # a name\n\n\ngrace: \"40s\"\n",
		"flow style":                   "{node: a, grace: 40s}\n",
		"as JSON":                      `{"node": "a", "grace": "40s"}`,
		"what is left out":             "node: a\ngrace: 40s\nstore:\ndrain:\nlimits: {body: ~}\nconcurrency: null\n",
		"an anchor and its alias":      "node: a\ngrace: &long 40s\nretention: {tasks: 168h, events: *seven}\n",
	} {
		t.Run(name, func(t *testing.T) {
			content = strings.Replace(content, "168h", "&seven 168h", 1)
			c, err := loadFile(t, content)
			if err != nil {
				t.Fatal(err)
			}
			if c.Node != "a" || c.Grace != 40*time.Second || c.Concurrency != 64 || c.Limits.Body != 1<<20 {
				t.Errorf("%+v", c.Options)
			}
		})
	}
}

// Text is what it looks like, whatever YAML takes it for.
func TestScalarsAreWhatTheyLookLike(t *testing.T) {
	for _, text := range []string{"404", "yes", "on", "0x1F", "1e3", "1_000", "2026-01-02", "012", "null-and-void", "true", ".inf"} {
		c, err := loadFile(t, "node: "+text+"\nauth: off\n")
		if err != nil || c.Node != text || c.Auth != "off" {
			t.Errorf("node %s: %v", text, err)
		}
	}
}

// An empty file, or one of comments, says nothing.
func TestAFileThatSaysNothingIsNoMistake(t *testing.T) {
	for _, content := range []string{"", "\n\n", "# nothing yet\n", "---\n", "\ufeff"} {
		if c, err := loadFile(t, content); err != nil || c.Named {
			t.Errorf("%q: %v", content, err)
		}
	}
}

// G10: what is not YAML, or not used of it, is refused where it stands.
func TestWhatIsNoConfigurationIsRefusedWhereItStands(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"a tab":               {"drain:\n\tmode: refuse\n", "f:2:1: this is not YAML: found character '\t' that cannot start any token"},
		"a bracket left open": {"a: [1,\n", "f:1:4: this is not YAML: sequence end token ']' not found"},
		"a quote left open":   {"node: 'x\n", "f:1:7: this is not YAML: could not find end character of single-quoted text"},
		"two colons":          {"grace: 30s: x\n", "f:1:8: this is not YAML: mapping value is not allowed in this context"},
		"two documents":       {"grace: 30s\n---\nnode: a\n", "f:3:5: a second document begins here; there can only be one"},
		"a tag":               {"node: !!str 5\n", `f:1:7: "!!str" is part of YAML, but is not used here`},
		"a key of many lines": {"? node\n: a\n", `f:1:1: "?" is part of YAML, but is not used here`},
		"a directive":         {"%YAML 1.1\n---\nnode: a\n", `f:1:1: "%" is part of YAML, but is not used here`},
		"an alias of nothing": {"node: *who\n", "f:1:7: *who: no &who stands before it"},
		"an alias of itself": {
			"node: &n [*n]\n",
			"2 mistakes in the settings\nf:1:10: node must be a single value, not a list\nf:1:11: *n: no &n stands before it",
		},
		"a merge of text": {"<<: x\n", "f:1:1: << takes a mapping, not a single value"},
		"Latin-1":         {"node: a\nauth: \xe4\n", "f:2:1: it is not UTF-8"},
		"too many bytes":  {"# " + strings.Repeat("x", maxBytes), "f: it is larger than 1048576 bytes"},
		"too many words":  {strings.Repeat("a: b\n", maxTokens), "f: it has more than 50000 words and marks"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, c.content, c.want) })
	}
}

// G10: a file that was made to blow up is refused in no time, and in little memory.
func TestBombsAreDefused(t *testing.T) {
	var lists strings.Builder // each has ten of the one before it
	for i := range 9 {
		fmt.Fprintf(&lists, "a%d: &a%d [%s]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 10))
	}
	const aliases, deep, long = "with all its aliases", "nested this deep", "words and marks"
	n := maxTokens / 5
	for name, c := range map[string]struct{ content, want string }{
		"a billion laughs":   {"a0: &a0 [ha]\n" + lists.String(), aliases},
		"a billion merges":   {"a0: &a0 {p: 1}\n" + lists.String() + "tasks: {<<: *a9}\n", aliases},
		"deep brackets":      {strings.Repeat("[", n), deep},
		"deep braces":        {strings.Repeat("{a: ", n), deep},
		"deep dashes":        {strings.Repeat("- ", n), deep},
		"deep indentation":   {indented(1000), deep},
		"anchors at anchors": {strings.Repeat("&a ", n), deep},
		"endless brackets":   {strings.Repeat("[", maxBytes/8), long},
	} {
		t.Run(name, func(t *testing.T) {
			begun := time.Now()
			if _, err := loadFile(t, c.content); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it says %.300v", err)
			}
			if took := time.Since(begun); took > 10*time.Second {
				t.Errorf("that took %v", took)
			}
		})
	}
}

func indented(depth int) string {
	var b strings.Builder
	for i := range depth {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

// Whatever a file holds, it is taken or refused, and every mistake has a place in it.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		"grace: 30s\ntasks: {a: {exec: [cat], backoff: {base: 1s}}}\n", "a: &x {b: 1}\nc: {<<: *x}\n", "- - a\n", "? a\n: b\n",
		"a: |\n  b\n", "{a: [b, {c}]}", "a: !!str b", "\ufeff---\n...\n", "<<: [{a: 1}, {b: 2}]", "a: 'b\n\n c'\n", "*a : b", "&a : b", "a: \"\\x\"",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		l := loader{folder: t.TempDir()}
		l.from, l.written = map[string]place{}, map[string]string{}
		root := grow("f", content, &l.wrong)
		l.file(root)
		l.tasks(root)
		lines := 1 + bytes.Count(content, []byte("\n")) + bytes.Count(content, []byte("\r"))
		for _, m := range l.wrong.list {
			if m.at.source != "f" || m.at.line < 0 || m.at.line > lines {
				t.Errorf("%v: the file has %d lines", m, lines)
			}
		}
	})
}
