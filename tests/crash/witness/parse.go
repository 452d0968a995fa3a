package witness

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxLine bounds a line: a byte of data takes four at the most.
const maxLine = 64 << 20

// Parse reads a trace that strace was asked for with Args. The calls stand in the order of their beginning.
func Parse(r io.Reader) ([]Call, error) {
	p := parser{underway: map[string]begun{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		p.line++
		if err := p.read(lines.Text()); err != nil {
			return nil, fmt.Errorf("line %d: %w", p.line, err)
		}
	}
	for _, b := range p.underway { // they were killed
		if err := p.end(b.index, b.text, Never); err != nil {
			return nil, err
		}
	}
	return p.calls, lines.Err()
}

type parser struct {
	line     int
	calls    []Call
	underway map[string]begun // by thread
}

// begun is a call whose line was broken off by the lines of others.
type begun struct {
	index int
	text  string
}

const (
	brokenOff = " <unfinished ...>"
	goesOn    = " resumed>"
)

// read reads a line: a whole call, the beginning of one, or the rest of one. Signals and exits are passed over.
func (p *parser) read(line string) error {
	thread, text, ok := strings.Cut(line, " ")
	text = strings.TrimLeft(text, " ") // short numbers are padded
	switch {
	case !ok:
		return fmt.Errorf("%.100q is no line of strace -f", line)
	case strings.HasPrefix(text, "+++ "), strings.HasPrefix(text, "--- "):
		return nil
	case strings.HasPrefix(text, "<... "):
		return p.resume(thread, text)
	}
	p.calls = append(p.calls, Call{Thread: thread, Began: p.line, Ended: Never})
	index := len(p.calls) - 1
	if head, ok := strings.CutSuffix(text, brokenOff); ok {
		p.underway[thread] = begun{index, head}
		return nil
	}
	if head, ok := strings.CutSuffix(text, brokenOff+") = ?"); ok {
		return p.end(index, head, Never)
	}
	return p.end(index, text, p.line)
}

func (p *parser) resume(thread, text string) error {
	b, ok := p.underway[thread]
	_, rest, found := strings.Cut(text, goesOn)
	if !ok || !found {
		return fmt.Errorf("%.100q ends a call that did not begin", text)
	}
	delete(p.underway, thread)
	if head, ok := strings.CutSuffix(rest, brokenOff+") = ?"); ok {
		return p.end(b.index, b.text+head, Never)
	}
	return p.end(b.index, b.text+rest, p.line)
}

// end reads the whole text of a call.
func (p *parser) end(index int, text string, line int) error {
	c := &p.calls[index]
	name, rest, ok := strings.Cut(text, "(")
	if !ok {
		return fmt.Errorf("%.100q is no call", text)
	}
	c.Name, c.Ended = name, line
	args, result := rest, "?"
	if i := strings.LastIndex(rest, " = "); line != Never && i >= 0 {
		args, result = strings.TrimRight(rest[:i], " "), rest[i+len(" = "):]
		args = strings.TrimSuffix(args, ")")
	}
	if err := c.scan(args); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return c.conclude(result)
}

// scan reads the arguments: the texts go to Data, what stands around them to Args.
func (c *Call) scan(args string) error {
	var around strings.Builder
	for args != "" {
		i := strings.IndexByte(args, '"')
		if i < 0 {
			around.WriteString(args)
			break
		}
		around.WriteString(args[:i] + `""`)
		data, rest, err := unquote(args[i+1:])
		if err != nil {
			return err
		}
		if strings.HasPrefix(rest, "...") {
			return errors.New("a text was cut short: strace needs a larger -s")
		}
		c.Data = append(c.Data, data...)
		args = rest
	}
	c.Args = strings.Split(around.String(), ", ")
	_, c.Path = descriptor(c.Args[0])
	return nil
}

// conclude reads what the call returned.
func (c *Call) conclude(result string) error {
	number, path := descriptor(result)
	n, err := strconv.ParseInt(number, 0, 64)
	switch {
	case strings.HasPrefix(result, "?"):
		c.Ended = Never // the thread was killed in it; strace may add "<unavailable>"
		return nil
	case err != nil:
		return fmt.Errorf("%s: result %q: %w", c.Name, result, err)
	}
	c.Result = n
	switch c.Name {
	case "read", "recvfrom", "write", "writev", "sendto", "pwrite64", "pwritev":
		if int(n) > len(c.Data) {
			return fmt.Errorf("%s: %d bytes went over and %d are shown", c.Name, n, len(c.Data))
		}
		c.Data = c.Data[:max(n, 0)]
	case "open", "openat":
		c.Path = path
	case "mmap":
		_, c.Path = descriptor(c.Args[4])
	case "unlink", "unlinkat", "truncate", "rename", "renameat", "renameat2", "link", "linkat":
		c.Path = string(c.Data) // of two, the first is enough to know that it is concerned
	}
	return nil
}

// descriptor cuts "9</a/path>" in two. The name of an error, which follows a number too, is passed over.
func descriptor(s string) (number, path string) {
	number, path, ok := strings.Cut(s, "<")
	if !ok {
		number, _, _ = strings.Cut(s, " ")
	}
	return number, strings.TrimSuffix(path, ">")
}
