// Package load is everyone who uses the service while something is done to it: callers that submit, read and wait on
// connections that they keep or on new ones, and clients on WebSockets, event streams and long-polls. What any of them
// was told goes into a record, which package checker holds against the promises.
//
// Nobody here repeats a request that has failed. In a crowd that expects no outage a single failure fails the test (G6);
// in one that does, what failed is on the record as a submit of unknown fate, and clients come back with their cursor.
package load
