package main

import "github.com/spf13/cobra"

// The exit codes of the commands, beside 0. What they mean is the text of exitCodesTopic, and part of what scripts
// rely on.
const (
	exitFailed      = 1
	exitTaskFailed  = 4
	exitTaskEnded   = 5
	exitNotYet      = 6
	exitUnavailable = 7
	exitInterrupted = 130
)

// exitCodesTopic is what "lastcall help exit-codes" says.
func exitCodesTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What the exit codes mean",
		Long: `lastcall ends with one of these exit codes:

    0  what was asked for is done; a drain that came to its end included
    1  it failed: the server said no, and standard error says why; doctor found something bad
    2  the command line or a setting is wrong; nothing was begun
    3  a drain hung, and the watchdog ended the process (serve)
    4  the task that was waited for has failed
    5  the task that was waited for was canceled or has expired
    6  the task that was waited for was not done when the time of --wait was up
    7  no server answered, or the database of its store did not, or it could not take it now; trying again may help
  130  Ctrl-C; a task that was waited for goes on

Of several tasks that were waited for, the smallest code other than 0 is that of all.`,
	}
}
