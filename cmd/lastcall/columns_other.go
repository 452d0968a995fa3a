//go:build !unix

package main

import "io"

// columns takes every terminal of this platform for one of the usual width.
func columns(w io.Writer) int {
	if terminal(w) {
		return 80
	}
	return 0
}
