package server //nolint:testpackage // minutes of a store's silence, without them

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
)

// G6: who was there when the store last answered is waited for while it does not, but is not counted on: nobody can take
// over on a store that does not answer.
func TestAStoreThatIsSilentForLongLeavesNobodyFitAndForgetsNobody(t *testing.T) {
	for name, c := range map[string]struct {
		fit          []string
		coming, want bool
	}{
		"one who was fit":    {fit: []string{"a"}, want: true},
		"one who was coming": {coming: true, want: true},
		"nobody":             {},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := drain.New(drain.Plan{}, struct{ drain.Service }{}, drain.Options{Logger: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			n := &node{Server: &Server{o: Options{Logger: slog.New(slog.DiscardHandler)}}, drainer: d}
			n.setPeers(c.fit, c.coming, time.Now().Add(-2*peersKept))
			n.keepPeers(errors.New("silence"))
			if len(n.peers.fit) > 0 || n.peers.coming != c.want {
				t.Errorf("fit %v, coming %t", n.peers.fit, n.peers.coming)
			}
		})
	}
}

// One that was killed is listed beside who took its place at the same address, and nothing is wrong with either. Two that
// started elsewhere and say the same address are another matter: of one of them it is wrong.
func TestWhoTookThePlaceOfAKilledNodeIsNoMistake(t *testing.T) {
	killed := lastcall.Node{Incarnation: "a", Address: "host:80", Since: time.Unix(1, 0)}
	young := lastcall.Node{Incarnation: "b", Address: "host:80", Since: time.Unix(2, 0)}
	other := lastcall.Node{Incarnation: "c", Address: "host:81", Since: time.Unix(3, 0)}
	all := []lastcall.Node{killed, young, other}
	for one, want := range map[*lastcall.Node]bool{&killed: true, &young: false, &other: false} {
		if got := replaced(one, all); got != want {
			t.Errorf("%s was replaced: %t", one.Incarnation, got)
		}
	}
}
