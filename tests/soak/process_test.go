package soak_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
)

// inMetrics is what a process says of itself, by the beginnings of lines. What comes with labels is added up.
var inMetrics = map[string]int{
	"process_resident_memory_bytes ": memory,
	"go_memstats_heap_inuse_bytes ":  heap,
	"go_goroutines ":                 goroutines,
	"lastcall_connections{":          connections,
	"process_cpu_seconds_total ":     processor,
}

// measure measures a process. Its descriptors are counted from outside, less the one of the connection that asks.
func (n *node) measure(ctx context.Context) (s sample, err error) {
	s.node = n.name
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+n.Addr+"/metrics", http.NoBody)
	if err != nil {
		return s, err
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return s, err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		for begins, column := range inMetrics {
			if !strings.HasPrefix(lines.Text(), begins) {
				continue
			}
			v, err := strconv.ParseFloat(lines.Text()[strings.LastIndexByte(lines.Text(), ' ')+1:], 64)
			if err != nil {
				return s, fmt.Errorf("%s: %w", lines.Text(), err)
			}
			s.is[column] += v
		}
	}
	if err := lines.Err(); err != nil {
		return s, err
	}
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", n.Cmd.Process.Pid))
	s.is[descriptors] = float64(len(open))
	return s, err
}
