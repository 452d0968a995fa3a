package exchange_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/lastcall-dev/lastcall/tests/exchange"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What is noted on either side of the wire is read back as it was said.
func TestBothSidesNoteWhatWasSaid(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(exchange.Directory, dir)
	srv := httptest.NewServer(exchange.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("X-Told", "yes")
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "short and stout")
	})))
	defer srv.Close()
	client := http.Client{Transport: exchange.Transport(srv.Client().Transport)}
	defer client.CloseIdleConnections()
	resp, err := client.Post(srv.URL+"/pot?of=tea", "text/plain", strings.NewReader("I am"))
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "short and stout" {
		t.Fatalf("the answer is %q, %v", body, err)
	}
	_ = resp.Body.Close()
	all, err := exchange.Read(dir)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d notes, %v; want one of each side", len(all), err)
	}
	for _, e := range all {
		if e.Method != http.MethodPost || e.URL != "/pot?of=tea" || string(e.Body) != "I am" ||
			e.Status != http.StatusTeapot || e.AnswerHeader.Get("X-Told") != "yes" || string(e.Answer) != "short and stout" {
			t.Errorf("noted %+v", e)
		}
	}
}
