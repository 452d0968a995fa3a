package main

import (
	"context"
	"net/http"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// await waits for an order's end, for as long as a customer likes to.
func (s *shop) await(r *http.Request, id string, patience time.Duration) (lastcall.Task, bool) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	task, err := s.orders.Wait(ctx, id)
	return task, err == nil
}
