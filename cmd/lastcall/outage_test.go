package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

func TestAWaitIsGivenUpOnceNothingWasAnsweredForTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &outage{most: 10 * time.Second}
		ctx, cancel := o.bound(t.Context())
		defer cancel()
		for range 3 { // each outage has all of the time
			if !o.failed(errors.New("refused")) {
				t.Fatal("an outage began and was not told")
			}
			time.Sleep(9 * time.Second)
			if o.failed(errors.New("refused")) {
				t.Fatal("an outage was told twice")
			}
			o.answered()
		}
		time.Sleep(time.Hour) // while the server answers, a wait may take as long as it takes
		if ctx.Err() != nil {
			t.Fatalf("given up although there was an answer: %v", context.Cause(ctx))
		}
		o.failed(errors.New("refused"))
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if why, ok := errors.AsType[*unansweredError](context.Cause(ctx)); !ok || why.Error() != "for 10s: refused" {
			t.Fatalf("it ended with %v", context.Cause(ctx))
		}
	})
}

func TestAnAnswerThatNobodyCanTakeItIsNone(t *testing.T) {
	for status, ends := range map[int]bool{
		http.StatusOK: true, http.StatusNotFound: true, http.StatusInternalServerError: true,
		http.StatusTooManyRequests: false, http.StatusBadGateway: false, http.StatusServiceUnavailable: false, http.StatusGatewayTimeout: false,
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		o := &outage{}
		o.failed(errors.New("refused"))
		api := o.heard()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := api.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if begins := o.failed(errors.New("refused")); begins != ends {
			t.Errorf("%d ends an outage: %t, want %t", status, begins, ends)
		}
		api.CloseIdleConnections()
		srv.Close()
	}
}
