package config

import (
	"strings"
	"time"

	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/server"
)

// settings is every setting of a server, in the order in which people meet them. This table is the only place in which
// a setting is named; see the package comment.
//
//nolint:lll // a table: a row is a line
var settings = []field[Config]{
	{"listen", "(127.0.0.1:8080, or the socket that systemd hands over)", "where to listen; port 0 takes a free one, fd: the socket of systemd's, fd:NAME one of several", address(func(c *Config) *string { return &c.Listen })},
	{"store", "sqlite:lastcall.db", "where the data is; a relative path begins in the working directory", storeAddress(func(c *Config) *string { return &c.Store })},
	{"store_file", "(none)", "the file that store is read from, so that its password stands nowhere else", text("file", func(c *Config) *string { return &c.StoreFile })},
	{"node", "(the host's name)", "what this node is called", text("name", func(c *Config) *string { return &c.Node })},
	{"grace", "30s", "what the platform gives between SIGTERM and SIGKILL: the whole drain fits in it", span(func(c *Config) *time.Duration { return &c.Grace })},
	{"concurrency", "64", "runs at a time", count(10_000, func(c *Config) *int { return &c.Concurrency })},
	{"max_connections", "(what the limit of descriptors leaves)", "connections of clients at a time; never more than that limit leaves beside the node's own", count(1_000_000, func(c *Config) *int { return &c.MaxConnections })},
	{"auth", "(loopback only)", "off allows listening beyond loopback although anyone may then do anything", authentication(func(c *Config) *string { return &c.Auth })},
	{"advertise", "(where it listens; if that is every address: localhost on SQLite, this host's first on PostgreSQL and in a pod)", "where peers on the same store reach this node, to ask whether it is ready", advertised(func(c *Config) *string { return &c.Advertise })},
	{"stop_timeout", "(5s; in a drain the longest of the types)", "what a handler has to return in once it is stopped", span(func(c *Config) *time.Duration { return &c.Drain.StopTimeout })},
	{"max_crashes", "3", "crashes after which a task has failed", count(1000, func(c *Config) *int { return &c.MaxCrashes })},
	{"signing_secret", "(no signature)", "signs the calls of http types as Standard Webhooks; better kept in a file", secret(func(c *Config) *string { return &c.SigningSecret })},
	{"signing_secret_file", "(none)", "the file that signing_secret is read from", text("file", func(c *Config) *string { return &c.SigningSecretFile })},

	{"drain.mode", "handover", "with a peer: hand over to it and refuse nothing, or refuse new work from the signal on", word(func(c *Config) *drain.Mode { return &c.Drain.Mode }, drain.ModeHandover, drain.ModeRefuse)},
	{"drain.backlog", "auto", "due work that has not begun: auto finishes it while there is no peer", word(func(c *Config) *drain.Backlog { return &c.Drain.Backlog }, drain.BacklogAuto, drain.BacklogFinish, drain.BacklogLeave)},
	{"drain.linger", "auto", "serve on while there is no peer yet: auto where the store outlives this node", word(func(c *Config) *server.Linger { return &c.Drain.Linger }, server.LingerAuto, server.LingerOn, server.LingerOff)},
	{"drain.readiness", "auto", "when /readyz turns: early as a peer is there, late as work is finished; auto is late under Kubernetes", autoWord(func(c *Config) *drain.Readiness { return &c.Drain.Readiness }, drain.ReadinessEarly, drain.ReadinessLate)},
	{"drain.hand_back", "(stop_timeout and 2s)", "how long before the deadline running work is stopped and given back", span(func(c *Config) *time.Duration { return &c.Drain.HandBack })},
	{"drain.announce.min", "auto", "with a peer everything is still served so long; auto is 3s under Kubernetes and 7s elsewhere, or what the grace leaves", autoSpan(func(c *Config) *time.Duration { return &c.Drain.Announce.Min })},
	{"drain.announce.quiet", "1s", "and until nothing new has come for so long", span(func(c *Config) *time.Duration { return &c.Drain.Announce.Quiet })},
	{"drain.announce.max", "15s", "but no longer than this", span(func(c *Config) *time.Duration { return &c.Drain.Announce.Max })},
	{"drain.handover.rate", "500", "clients a second that are sent on to a peer", count(1_000_000, func(c *Config) *int { return &c.Drain.Handover.Rate })},
	{"store_outlives_pod", "false", "whether the store is still there for the next node once this one's place is gone", truth(func(c *Config) *bool { return &c.StoreOutlivesPod })},

	{"retention.tasks", "168h", "how long finished tasks are kept", span(func(c *Config) *time.Duration { return &c.KeepTasks })},
	{"retention.events", "168h", "how long events are kept", span(func(c *Config) *time.Duration { return &c.KeepEvents })},

	{"limits.body", "1MiB", "a request's body", size(func(c *Config) *int64 { return &c.Limits.Body })},
	{"limits.input", "1MiB", "a task's input", size(func(c *Config) *int { return &c.Limits.Input })},
	{"limits.output", "1MiB", "a task's output", size(func(c *Config) *int { return &c.Limits.Output })},
	{"limits.checkpoint", "1MiB", "a checkpoint", size(func(c *Config) *int { return &c.Limits.Checkpoint })},
	{"limits.name", "128", "bytes of a type, queue, client, label key or label value", count(1024, func(c *Config) *int { return &c.Limits.Name })},
	{"limits.labels", "16", "labels of one task", count(1024, func(c *Config) *int { return &c.Limits.Labels })},
	{"limits.key", "255", "bytes of an idempotency key", count(1024, func(c *Config) *int { return &c.Limits.Key })},
	{"limits.wait", "60s", "the longest wait of a request", span(func(c *Config) *time.Duration { return &c.Limits.Wait })},
	{"limits.page", "200", "the most rows of a page", count(10_000, func(c *Config) *int { return &c.Limits.Page })},
	{"limits.batch", "1000", "tasks of one batch", count(100_000, func(c *Config) *int { return &c.Limits.Batch })},
	{"limits.batch_body", "16MiB", "the body of a batch", size(func(c *Config) *int64 { return &c.Limits.BatchBody })},

	{"log.format", "auto", "auto is text on a terminal and json elsewhere", word(func(c *Config) *string { return &c.Log.Format }, "auto", "text", "json")},
	{"log.level", "info", "the least that is logged", word(func(c *Config) *string { return &c.Log.Level }, "debug", "info", "warn", "error")},
	{"debug_listen", "(nowhere)", "where profiles are served (/debug/pprof/), within reach of this host alone; an address that is taken is waited for, and port 0 takes a free one", loopbackAddress(func(c *Config) *string { return &c.DebugListen })},
	{"termination_file", drain.TerminationFile, "the file that the drain's report is also written to, if it exists", text("file", func(c *Config) *string { return &c.Report })},
}

// prefix stands before the name of every variable.
const prefix = "LASTCALL_"

// flag is the field's name as a flag: drain-announce-min.
func (f *field[T]) flag() string { return strings.NewReplacer(".", "-", "_", "-").Replace(f.path) }

// variable is its name in the environment: LASTCALL_DRAIN_ANNOUNCE_MIN.
func (f *field[T]) variable() string {
	return prefix + strings.ToUpper(strings.ReplaceAll(f.path, ".", "_"))
}

// follows reports whether the default is worked out elsewhere, from what is then known.
func (f *field[T]) follows() bool { return strings.HasPrefix(f.usual, "(") }
