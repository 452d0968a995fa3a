// Package deploy holds the files of deploy/ against what they are for: manifests against the types of the Kubernetes API,
// compose.yaml against the Compose specification, haproxy.cfg against HAProxy itself, all of them against the settings of
// the server, and the numbers in them against each other.
//
// It is a module of its own, as those types bring many modules along, which users of lastcall need not have. What is
// here are tests alone.
package deploy
