package main

import (
	"strings"
	"testing"
)

// What the machine cannot do fails with a sentence and not with half a number.
func TestMoreSocketsThanDescriptorsAreRefusedInWords(t *testing.T) {
	if err := filesOf(20_000, 10_000); err != nil {
		t.Errorf("10,000 sockets of 20,000: %v", err)
	}
	if err := filesOf(4096, 10_000); err == nil || !strings.Contains(err.Error(), "ulimit -Hn") {
		t.Errorf("10,000 sockets of 4,096: %v", err)
	}
}
