-- Version 3: leases of workers outside. It only adds; a process of the version before that serves the same file sees
-- tasks run by an owner that it never declares dead, and leaves them to the newer one.

-- A worker outside holds one lease for each run. It counts only while its holder is the owner of the task: settling and
-- sweeping delete the row, and one that has stayed behind means nothing.
CREATE TABLE leases (
  holder     TEXT    NOT NULL, -- what the worker shows, and tasks.owner as long as it is believed
  task       BLOB    NOT NULL,
  expires_at INTEGER NOT NULL, -- never behind ends_at
  ends_at    INTEGER NOT NULL, -- when the attempt has had all its time
  length     INTEGER NOT NULL, -- as it was asked for; a sweeper that was not there for so long takes nothing
  CONSTRAINT leases_pk PRIMARY KEY (holder)
) WITHOUT ROWID, STRICT;

-- What has run out, or soon will. It holds all that a sweep chooses by.
CREATE INDEX leases_expiring ON leases (expires_at, length, task);
