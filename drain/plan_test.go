package drain

import (
	"strings"
	"testing"
	"time"
)

func TestADefaultPlanFits(t *testing.T) {
	for _, p := range []Plan{{}, {Kubernetes: true}, {Shared: true}, {Shared: true, Linger: true}, {Shared: true, Linger: true, Kubernetes: true}} {
		if err := p.WithDefaults().Validate(); err != nil {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

func TestKubernetesChangesTwoDefaults(t *testing.T) {
	there, elsewhere := Plan{Kubernetes: true}.WithDefaults(), Plan{}.WithDefaults()
	if there.Readiness != ReadinessLate || there.Announce.Min != 3*time.Second {
		t.Errorf("there: %+v", there)
	}
	if elsewhere.Readiness != ReadinessEarly || elsewhere.Announce.Min != 7*time.Second {
		t.Errorf("elsewhere: %+v", elsewhere)
	}
	t.Setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
	if !OnKubernetes() {
		t.Error("a pod is not recognized")
	}
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	if OnKubernetes() {
		t.Error("anything is taken for a pod")
	}
}

func TestAPlanThatCannotBeKeptIsRefusedInASentence(t *testing.T) {
	tight := Plan{Grace: 14 * time.Second, Shared: true, Announce: Window{Min: 7 * time.Second}}
	for sentence, p := range map[string]Plan{
		`margin 1s and hand_back 7s leave nothing of a grace of 8s: raise the grace above 8s`: {Grace: 8 * time.Second},
		`hand_back 5s must be longer than stop_timeout 5s`:                                    {HandBack: 5 * time.Second},
		`announce.min 7s does not fit a grace of 14s less margin 1s`:                          tight,
		`linger has no time left in a grace of 15s: raise it above 15s`:                       {Grace: 15 * time.Second, Shared: true, Linger: true},
		`linger waits for a peer, and nothing here is shared with one`:                        {Linger: true},
		`announce.min 7s is longer than announce.max 5s`:                                      {Announce: Window{Max: 5 * time.Second}},
		`announce.quiet 20s is longer than announce.max 15s`:                                  {Announce: Window{Quiet: 20 * time.Second}},
		`grace must be more than zero, not -1s`:                                               {Grace: -time.Second},
		`margin must be more than zero, not -1ns`:                                             {Margin: -1},
		`handover.rate must be more than zero, not -5`:                                        {HandoverRate: -5},
		`mode "hand-over" is not one of handover, refuse`:                                     {Mode: "hand-over"},
		`backlog "drop" is not one of auto, finish, leave`:                                    {Backlog: "drop"},
		`readiness "soon" is not one of early, late`:                                          {Readiness: "soon"},
	} {
		_, err := New(p, newFake(), Options{})
		if err == nil || !strings.Contains(err.Error(), sentence) {
			t.Errorf("got  %v\nwant %s", err, sentence)
		}
	}
}

func TestAShortGraceShortensTheAnnouncementThatNobodyAskedFor(t *testing.T) {
	for grace, want := range map[time.Duration]time.Duration{
		10 * time.Second: 2 * time.Second, 14 * time.Second: 6 * time.Second, 15 * time.Second: 7 * time.Second, time.Minute: 7 * time.Second,
	} {
		p := Plan{Grace: grace, Shared: true}.WithDefaults()
		if err := p.Validate(); err != nil || p.Announce.Min != want {
			t.Errorf("of a grace of %v the announcement has %v, want %v: %v", grace, p.Announce.Min, want, err)
		}
	}
}

func TestWhatHasNoPeerNeedsNoTimeToAnnounce(t *testing.T) {
	for name, p := range map[string]Plan{
		"alone":        {Grace: 9 * time.Second},
		"mode refuse":  {Grace: 9 * time.Second, Shared: true, Mode: ModeRefuse},
		"a short test": {Grace: 3 * time.Second, HandBack: time.Second, StopTimeout: 500 * time.Millisecond},
	} {
		if err := p.WithDefaults().Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
