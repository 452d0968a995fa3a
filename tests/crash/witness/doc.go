// Package witness reads what strace saw of a running node, and judges it without asking the node.
//
// Three questions are put to a trace. What was anybody told (Told): the tasks that were acknowledged and the events that
// were sent, each with the moment at which the answer began to leave. Was it on the disk by then (Unsynced): had the
// bytes of the row been written to the write-ahead log, and had a sync of that log begun after them and come back well.
// And what would be left if the power had failed at any moment (Disk): a file system of the test's own that keeps what
// was synced and forgets what was not, from which a node can be started again.
//
// Time in here is lines of the trace. strace holds a thread at the beginning of each call and at its end, so whatever a
// thread did after a call had returned, and whatever others did because of that, stands on later lines: if A's end stands
// before B's beginning, A had come back when B was begun. Calls whose lines overlap went on at the same time.
package witness
