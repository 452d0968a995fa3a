package main

import "slices"

// parts are all that is measured, in the order of the page.
func parts() []part {
	return []part{
		newPart("submits", false, (*rig).submits, showSubmits),
		newPart("commits", true, (*rig).commits, showCommits),
		newPart("latency", true, (*rig).latency, showLatency),
		newPart("fanout", false, (*rig).fanOut, showFanOut),
		newPart("idle", false, (*rig).idle, showIdle),
		newPart("work", true, (*rig).work, showWork),
		newPart("sqlite", false, (*rig).workSQLite, showSQLite),
		newPart("backlog", true, (*rig).backlogs, showBacklog),
		newPart("nodes", true, (*rig).nodes, showNodes),
		newPart("restart", true, (*rig).restart, showRestart),
		newPart("stop", false, (*rig).stop, showStop),
	}
}

// partNames are the names of those parts that are meant.
func partNames(meant func(part) bool) []string {
	var names []string
	for _, p := range parts() {
		if meant(p) {
			names = append(names, p.name)
		}
	}
	return slices.Clip(names)
}
