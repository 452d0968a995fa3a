package config

import (
	"cmp"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// plain is what YAML takes for the text that it is, with room to spare.
var plain = regexp.MustCompile(`^[a-z0-9]([A-Za-z0-9_./:-]*[A-Za-z0-9])?$`)

// Print writes the settings in force as a file that could be loaded, each with where it is from, so that nobody has to
// guess which of the layers has won. Secrets and task types are not shown.
func (c *Config) Print(w io.Writer) error {
	var b strings.Builder
	var open []string // the groups that the last line stands in
	for i := range settings {
		f := &settings[i]
		names := strings.Split(f.path, ".")
		groups := names[:len(names)-1]
		for depth, group := range groups {
			if depth >= len(open) || open[depth] != group {
				fmt.Fprintf(&b, "%s%s:\n", strings.Repeat("  ", depth), group)
				open = append(open[:depth:depth], group)
			}
		}
		open = groups
		b.WriteString(c.line(f, strings.Repeat("  ", len(groups))+names[len(groups)]) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// line is one setting, whose name is indented already. What follows from elsewhere, and what is not told as a
// whole, is a comment, and so left out.
func (c *Config) line(f *field[Config], name string) string {
	text, given := c.written[f.path]
	from := cmp.Or(c.from[f.path].String(), "default")
	told := text
	if f.told != nil {
		told = f.told(text)
	}
	switch {
	case !given:
		return comment(name) + ": " + strings.Trim(f.usual, "()")
	case f.secret:
		return comment(name) + ": not shown, from " + from
	case told != text || from == f.path+fileSuffix:
		return comment(name) + ": " + told + ", from " + from
	case !plain.MatchString(text) || text == "null":
		text = strconv.QuoteToASCII(text)
	}
	return fmt.Sprintf("%-36s # %s", name+": "+text, from)
}

// comment puts the mark of a comment between a name and its indentation.
func comment(name string) string {
	word := strings.TrimLeft(name, " ")
	return name[:len(name)-len(word)] + "# " + word
}
