package examples_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall/tests/lab"
)

// shop is examples/orders: a bank, and a shop that is stopped and started.
type shop struct {
	t                          *testing.T
	program, dir               string
	listen, tasks, bank, store string
	*process
}

func newShop(t *testing.T) *shop {
	t.Helper()
	dir := t.TempDir()
	at := func() string { return "127.0.0.1:" + lab.FreePort(t) }
	s := &shop{
		t: t, program: lab.Build(t, "examples/orders"), dir: dir,
		listen: at(), tasks: at(), bank: at(), store: "sqlite:" + filepath.Join(dir, "orders.db"),
	}
	start(t, "serving at", dir, s.program, "-be-the-bank", s.bank)
	return s
}

// open starts the shop.
func (s *shop) open(grace string) {
	s.t.Helper()
	s.process = start(s.t, "INFO serving", s.dir, s.program, "-listen", s.listen, "-tasks", s.tasks, "-bank", "http://"+s.bank,
		"-store", s.store, "-grace", grace)
}

// status is what a customer is told.
type status struct {
	Order, Status, Progress, Problem string
	Receipt                          struct {
		Charge string
		Packed []string
	}
}

// ask asks the shop.
func (s *shop) ask(method, path, body, key string) (int, status) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.listen+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Idempotency-Key", key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, status{Problem: err.Error()}
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body) // half an answer is none
	var is status
	if json.Unmarshal(b, &is) != nil {
		is.Problem = string(b)
	}
	return resp.StatusCode, is
}

// order orders so many things.
func (s *shop) order(key string, things int) string {
	s.t.Helper()
	body := fmt.Sprintf(`{"items":["thing"%s],"cents":1250}`, strings.Repeat(`,"thing"`, things-1))
	code, is := s.ask(http.MethodPost, "/orders", body, key)
	if code != http.StatusAccepted {
		s.t.Fatalf("the order was answered with %d %s", code, is.Problem)
	}
	return is.Order
}

// await waits until a customer is told of a progress.
func (s *shop) await(id, progress string) {
	s.t.Helper()
	lab.Until(s.t, "it is told of "+progress, func() bool {
		_, is := s.ask(http.MethodGet, "/orders/"+id, "", "")
		return strings.HasPrefix(is.Progress, progress)
	})
}

// fulfilled fails the test unless the customer has all things, paid once.
func (s *shop) fulfilled(id string, things int) {
	s.t.Helper()
	code, is := s.ask(http.MethodGet, "/orders/"+id+"?wait=60s", "", "")
	if code != http.StatusOK || is.Status != "succeeded" || len(is.Receipt.Packed) != things || is.Receipt.Charge == "" {
		s.t.Errorf("the order is %d %+v", code, is)
	}
}

// charged is how many charges there were at the bank.
func (s *shop) charged() int {
	s.t.Helper()
	bank := lab.Front(s.t, s.bank, nil)
	var charges map[string]any
	bank.Do(http.MethodGet, "/charges", "").Decode(bank, &charges)
	return len(charges)
}

// G4, G7: whoever waits for an order while the shop is told to stop has the answer of it. What the grace has no time for is
// gone on with by the next process, and paid once.
func TestAnOrderIsFulfilledOnceThoughTheShopIsDeployed(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.open("30s")
	id := s.order("cart-1", 5) // a second
	if again := s.order("cart-1", 5); again != id {
		t.Errorf("ordered again under the same key it is %s and not %s", again, id)
	}
	if code, is := s.ask(http.MethodPost, "/orders", `{"items":["another thing"],"cents":1}`, "cart-1"); code != http.StatusUnprocessableEntity {
		t.Errorf("G10: another order under a key that was used is answered with %d %+v", code, is)
	}
	s.await(id, "packing")
	told := make(chan struct{})
	go func() { // ends with the answer
		defer close(told)
		s.fulfilled(id, 5)
	}()
	<-time.After(100 * time.Millisecond) // so that the customer waits by then; if not, the next process answers
	code := s.end(syscall.SIGTERM)
	<-told
	if code != 0 {
		t.Errorf("the shop ended with %d", code)
	}

	s.open("9s") // of which 7 s are the hand-back's
	id = s.order("cart-2", 30)
	s.await(id, "packing")
	if code := s.end(syscall.SIGTERM); code != 0 {
		t.Errorf("the shop ended with %d", code)
	}
	s.open("30s")
	s.fulfilled(id, 30)
	if n := s.charged(); n != 2 {
		t.Errorf("two orders were charged %d times", n)
	}
}

// G3, G9: the shop is killed while the bank is charging, and while things are packed. Nothing is paid twice.
func TestAnOrderIsFulfilledOnceThoughTheShopIsKilled(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.open("30s")
	id := s.order("cart", 5)
	s.await(id, "paying")
	s.end(syscall.SIGKILL)
	s.open("30s")
	s.await(id, "packing")
	s.end(syscall.SIGKILL)
	s.open("30s")
	s.fulfilled(id, 5)
	if n := s.charged(); n != 1 {
		t.Errorf("one order was charged %d times", n)
	}
	code, is := s.ask(http.MethodGet, "/orders/"+s.order("declined", 1)+"?wait=1ms", "", "")
	if code != http.StatusOK {
		t.Errorf("who waits for a moment only is told %d %+v", code, is)
	}
	for path, want := range map[string]int{"/orders/nonsense": 404, "/orders/nonsense?wait=never": 400} {
		if code, is := s.ask(http.MethodGet, path, "", ""); code != want {
			t.Errorf("G10: %s is answered with %d %+v", path, code, is)
		}
	}
	if code, is := s.ask(http.MethodPost, "/orders", `{"items":[]}`, "k"); code != 400 {
		t.Errorf("G10: an order of nothing is answered with %d %+v", code, is)
	}
}
