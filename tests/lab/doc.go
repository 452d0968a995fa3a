// Package lab runs the real binary for whole-program tests: it builds it once, starts nodes on free loopback ports with
// their data in temporary folders, sends them real signals, and reads their logs and drain reports. Clients of the lab
// are the standard library's HTTP client and coder/websocket: none of them is ours.
//
// Nothing in it sleeps to wait. What has to become true is asked for until it is, or until a time that only a broken
// program reaches.
package lab
