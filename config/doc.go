// Package config turns a command line, LASTCALL_* variables and lastcall.yaml into the settings of a server.
//
// Every setting stands in one table (settings.go) with its name, its default, what it takes and a sentence. From it come
// the flags of `lastcall serve` (secrets have none), the variables it reads, the keys the file may have, and the tables of
// docs/configuration.md; nothing else knows what a setting is called. drain.announce.min of the file is the flag
// --drain-announce-min and the variable LASTCALL_DRAIN_ANNOUNCE_MIN. What a task type takes is a table of the same kind
// (tasks.go), but for the file alone.
//
// A flag wins over a variable, a variable over the file, the file over the default. All of them are looked at, also
// those that are overruled, and every mistake is told at once, each by where it stands: FILE:LINE:COLUMN, the flag, or
// the variable. Nothing that was written is passed over in silence: an unknown key, a key given twice, a number without
// its unit and a setting that has no effect beside another are mistakes.
package config
