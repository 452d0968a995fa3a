// Package lease lends tasks to workers outside: programs in any language that ask a node for work over HTTP, do it, and
// say what became of it (DESIGN section 6.1).
//
// A Lessor stands between the wire and the store, and keeps nothing between two calls but the line of those who wait. The
// lease itself is the store's: it outlives the node that lent it, and its holder goes on with any other node. So all
// that a call needs comes with it, in the token, which carries the number of the run, how long a lease is to last, and the
// holder's secret. To the worker it is a word without meaning; made up or mangled, it is that of a lease that is lost.
//
// Whoever finds nothing to do may wait (wait.go). A hint of the store that a task was queued wakes one of those who want
// its type, the longest waiting first, and a slow poll by that one makes up for hints that were lost. A worker that has
// hung up while its lease was made cannot have heard of it: the task goes back at once, at no cost.
//
// What a worker says is held to what a node's own handlers are held to (word.go): an output over its limit fails the task
// for good, texts are cut, progress is a percentage. The rules of what becomes of a task are the root package's.
//
// In a drain a node that has a peer lends on. One that is alone lends nothing more, and everything else is answered until
// its listener closes: a lease that is out does not hold the drain, as its holder will find the next node, or the same one
// started again.
package lease
