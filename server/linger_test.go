package server //nolint:testpackage // whether it lingers shows in minutes only

import "testing"

// G6: a pod on a database serves on until another is ready, as one is started for each that is stopped. Elsewhere nobody
// is sure to come, unless the settings say so.
func TestANodeLingersWhereAnotherIsSureToCome(t *testing.T) {
	for name, c := range map[string]struct {
		pod, outlives bool
		store         string
		linger        Linger
		want          bool
	}{
		"a pod on a database":                  {true, false, "postgres://db/x", LingerAuto, true},
		"a process on a database":              {false, false, "postgres://db/x", LingerAuto, false},
		"a pod on a file":                      {true, false, "sqlite:x", LingerAuto, false},
		"a pod on a file that outlives it":     {true, true, "sqlite:x", LingerAuto, true},
		"a pod on a database, told not to":     {true, false, "postgres://db/x", LingerOff, false},
		"a process on a file, told to":         {false, false, "sqlite:x", LingerOn, true},
		"a process on a file that outlives it": {false, true, "sqlite:x", LingerAuto, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KUBERNETES_SERVICE_HOST", map[bool]string{true: "10.0.0.1"}[c.pod])
			o := Options{Store: c.store, StoreOutlivesPod: c.outlives, Drain: Drain{Linger: c.linger}}
			if p := o.plan(nil); p.Linger != c.want || !p.Shared {
				t.Errorf("linger %t, shared %t", p.Linger, p.Shared)
			}
		})
	}
}
