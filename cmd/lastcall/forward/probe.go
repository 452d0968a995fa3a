package forward

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// probe keeps what is known of the backends true, until ctx ends.
func (f *Forwarder) probe(ctx context.Context) {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	tick := time.NewTicker(f.every)
	defer tick.Stop()
	for {
		f.ask(ctx, client)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-f.wake:
		}
	}
}

// ask asks every backend at once, as one that hangs must not make the others look better or worse than they are.
func (f *Forwarder) ask(ctx context.Context, client *http.Client) {
	f.mu.Lock()
	backends := append([]*backend(nil), f.backends...)
	f.mu.Unlock()
	var asked sync.WaitGroup // bounded by the client's timeout
	for _, b := range backends {
		asked.Go(func() {
			ready := answers(ctx, client, b.addr)
			f.mu.Lock()
			defer f.mu.Unlock()
			b.ready = ready
		})
	}
	asked.Wait()
}

// answers reports whether the server at addr says that it is ready.
func answers(ctx context.Context, client *http.Client, addr string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/readyz", http.NoBody)
	if err != nil {
		return false
	}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
