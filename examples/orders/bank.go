package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/lastcall-dev/lastcall"
)

// bankTime is how long the bank has to answer.
const bankTime = 10 * time.Second

// charge is what a bank is asked for, and what it says to it.
type charge struct {
	Number string `json:"number"`
	Cents  int    `json:"cents"`
}

// pay has an order charged. Under the same name the bank charges once, however often it is asked. The fence is for a bank
// that wants to refuse what a run says that has been overtaken.
func pay(ctx context.Context, bank, name string, fence int64, cents int) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, bankTime)
	defer cancel()
	body := fmt.Sprintf(`{"cents":%d}`, cents)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, bank+"/charges", strings.NewReader(body))
	if err != nil {
		return "", lastcall.Permanent(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", name)
	req.Header.Set("Fence", strconv.FormatInt(fence, 10))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("pay: %w", err) // it may have been charged: the next attempt finds out
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusPaymentRequired:
		return "", lastcall.Permanent(&lastcall.TaskError{Code: "declined", Message: "the bank does not pay for this"})
	case resp.StatusCode != http.StatusOK:
		return "", fmt.Errorf("pay: the bank answered %s", resp.Status)
	}
	var c charge
	if err := json.NewDecoder(resp.Body).Decode(&c); err != nil {
		return "", fmt.Errorf("pay: %w", err)
	}
	return c.Number, nil
}

// theBank is a bank to try the shop with. It remembers charges by their names while it runs.
type theBank struct {
	mu      sync.Mutex
	charges map[string]charge
}

// most is what the bank pays for.
const most = 100_000 // cents

func serveBank(addr string) error {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return err
	}
	fmt.Println("the bank is serving at", listener.Addr())
	b := theBank{charges: map[string]charge{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /charges", b.charge)
	mux.HandleFunc("GET /charges", b.list)
	server := http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	return server.Serve(listener)
}

func (b *theBank) charge(w http.ResponseWriter, r *http.Request) {
	var asked charge
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if asked.Cents > most {
		http.Error(w, "too much", http.StatusPaymentRequired)
		return
	}
	name := r.Header.Get("Idempotency-Key")
	b.mu.Lock()
	done, known := b.charges[name]
	if !known {
		done = charge{Number: "charge-" + strconv.Itoa(len(b.charges)+1), Cents: asked.Cents}
		b.charges[name] = done
	}
	b.mu.Unlock()
	<-time.After(100 * time.Millisecond) // a bank takes its time, and whoever asked may be gone by then
	_ = json.NewEncoder(w).Encode(done)
}

func (b *theBank) list(w http.ResponseWriter, _ *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = json.NewEncoder(w).Encode(b.charges)
}
