package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func manCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIRECTORY",
		Short:  "Write the manual pages",
		Long:   "man writes a manual page for each command into a directory, for man(1): lastcall.1, lastcall-serve.1 and so on.",
		Hidden: true, // for those who make packages
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usageError{errors.New("man takes a directory")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return err
			}
			return writePages(args[0], cmd.Root())
		},
	}
}

// writePages writes the page of a command and of those below it.
func writePages(dir string, cmd *cobra.Command) error {
	name := filepath.Join(dir, pageName(cmd)+".1")
	if err := os.WriteFile(name, []byte(manPage(cmd)), 0o644); err != nil {
		return err
	}
	for _, sub := range cmd.Commands() {
		if !sub.Hidden && sub.Name() != "help" {
			if err := writePages(dir, sub); err != nil {
				return err
			}
		}
	}
	return nil
}

func pageName(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// manPage is a command's page in the language of man(7). It is made from what --help says, so that the two agree.
func manPage(cmd *cobra.Command) string {
	var p page
	p.macro(".TH", strings.ToUpper(pageName(cmd)), "1", "", "lastcall "+cmd.Root().Version, "lastcall")
	p.section("NAME")
	p.text(pageName(cmd) + " - " + cmd.Short)
	p.section("SYNOPSIS")
	p.text(cmd.UseLine())
	p.section("DESCRIPTION")
	p.prose(strings.TrimSpace(cmp.Or(cmd.Long, cmd.Short)))
	if cmd.HasExample() {
		p.section("EXAMPLES")
		p.verbatim(cmd.Example)
	}
	cmd.InitDefaultHelpFlag()
	if cmd.Flags().HasAvailableFlags() {
		p.section("OPTIONS")
		cmd.Flags().VisitAll(p.flag)
	}
	p.related(cmd)
	return p.String()
}

// page is a manual page as it grows.
type page struct{ strings.Builder }

// roff keeps a text from being taken for requests, and its dashes from becoming typographic ones.
var roff = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, `"`, `\(dq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`)

func (p *page) macro(name string, args ...string) {
	p.WriteString(name)
	for _, a := range args {
		fmt.Fprintf(p, ` "%s"`, roff.Replace(a))
	}
	p.WriteByte('\n')
}

func (p *page) section(title string) { p.macro(".SH", title) }

// text is a paragraph. A line that begins with a dot would be a request.
func (p *page) text(s string) {
	for line := range strings.Lines(s) {
		line = roff.Replace(strings.TrimRight(line, "\n"))
		if strings.HasPrefix(line, ".") {
			line = `\&` + line
		}
		p.WriteString(line + "\n")
	}
}

// prose has each paragraph filled to the width of the reader's terminal, but for those that are set by indentation: tables and
// examples.
func (p *page) prose(s string) {
	for paragraph := range strings.SplitSeq(s, "\n\n") {
		p.WriteString(".PP\n")
		if strings.HasPrefix(paragraph, " ") || strings.Contains(paragraph, "\n ") {
			p.verbatim(paragraph)
			continue
		}
		p.text(paragraph)
	}
}

// verbatim keeps the lines as they are.
func (p *page) verbatim(s string) {
	p.macro(".nf")
	p.text(s)
	p.macro(".fi")
}

func (p *page) flag(f *pflag.Flag) {
	if f.Hidden {
		return
	}
	takes, about := pflag.UnquoteUsage(f)
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", " + name
	}
	if takes != "" {
		name += " " + takes
	}
	if d := f.DefValue; d != "" && d != "false" && d != "0" && d != "0s" && d != "[]" {
		about += " (default " + d + ")"
	}
	p.WriteString(".TP\n")
	p.text(name)
	p.text(about)
}

// related names the pages around this one.
func (p *page) related(cmd *cobra.Command) {
	var names []string
	if cmd.HasParent() {
		names = append(names, pageName(cmd.Parent())+"(1)")
	}
	for _, sub := range cmd.Commands() {
		if !sub.Hidden && sub.Name() != "help" {
			names = append(names, pageName(sub)+"(1)")
		}
	}
	if len(names) > 0 {
		p.section("SEE ALSO")
		p.text(strings.Join(names, ", "))
	}
}
