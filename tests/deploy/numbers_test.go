package deploy

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"

	"github.com/lastcall-dev/lastcall/config"
	"github.com/lastcall-dev/lastcall/drain"
)

// margin is what a balancer is given on top of the probes that it needs, until the last host's rules are written.
const margin = time.Second

// G6: a pod serves everything for longer than it takes Kubernetes to find out that it goes, and has all the time that
// its settings say before it is killed.
func TestTheProbesAreFasterThanTheAnnouncementAndTheGraceIsOneNumber(t *testing.T) {
	for _, folder := range []string{manyPods, onePod} {
		timesFit(t, folder)
	}
}

func timesFit(t *testing.T, folder string) {
	t.Helper()
	d := deployment(t, folder)
	pod := d.Spec.Template.Spec
	c := pod.Containers[0]
	announce := drain.Plan{Kubernetes: true}.WithDefaults().Announce.Min
	if noticed := noticedAfter(c.ReadinessProbe); noticed+margin > announce {
		t.Errorf("readiness is noticed after %v, and a second is to spare: the announcement lasts %v", noticed, announce)
	}
	env := environment(t, &c)
	grace := time.Duration(*pod.TerminationGracePeriodSeconds) * time.Second
	if env["LASTCALL_GRACE"] != strconv.Itoa(int(grace.Seconds()))+"s" {
		t.Errorf("it is killed after %v, and counts on %s", grace, env["LASTCALL_GRACE"])
	}
	for name, probe := range map[string]*corev1.Probe{"readiness": c.ReadinessProbe, "liveness": c.LivenessProbe, "startup": c.StartupProbe} {
		if probe.TimeoutSeconds > probe.PeriodSeconds {
			t.Errorf("a probe of %s may take longer than the time to the next", name)
		}
		if port := probe.HTTPGet.Port.String(); port != c.Ports[0].Name {
			t.Errorf("%s is asked for at port %s", name, port)
		}
	}
	// A process that hangs in its drain is ended by its own watchdog, which writes a report, and not by a probe.
	if hangs := noticedAfter(c.LivenessProbe); hangs < grace {
		t.Errorf("it is killed for being slow after %v, within its grace of %v", hangs, grace)
	}
	if *d.Spec.ProgressDeadlineSeconds <= c.StartupProbe.PeriodSeconds*c.StartupProbe.FailureThreshold {
		t.Error("a roll-out is given up while its first pod may still bring the schema on")
	}
	if c.TerminationMessagePath != drain.TerminationFile || c.TerminationMessagePolicy != corev1.TerminationMessageFallbackToLogsOnError {
		t.Errorf("the report goes to %s", drain.TerminationFile)
	}
}

// noticedAfter is how long a probe takes to turn, at most.
func noticedAfter(p *corev1.Probe) time.Duration {
	return time.Duration(p.PeriodSeconds*p.FailureThreshold) * time.Second
}

// environment is what the container finds there, with something for what the cluster fills in.
func environment(t *testing.T, c *corev1.Container) map[string]string {
	t.Helper()
	env := map[string]string{}
	for _, v := range c.Env {
		value := v.Value
		if v.ValueFrom != nil {
			value = map[string]string{"status.podIP": "10.0.0.7", "metadata.name": "lastcall-5d9c-x7k2p"}[v.ValueFrom.FieldRef.FieldPath]
		}
		for name, earlier := range env { // as Kubernetes does, of those that stand before
			value = strings.ReplaceAll(value, "$("+name+")", earlier)
		}
		if value == "" {
			t.Errorf("%s is nothing", v.Name)
		}
		env[v.Name] = value
	}
	return env
}

// The settings of the pods are settings, and right: all that serve would refuse, and all that it would warn of.
func TestThePodsStartWithTheseSettings(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
	c := deployment(t, manyPods).Spec.Template.Spec.Containers[0]
	env := environment(t, &c)
	if unknown := config.UnknownVariables(pairs(env)); len(unknown) > 0 {
		t.Errorf("%v set nothing", unknown)
	}
	mounts := map[string]string{} // what is mounted, by where
	for _, m := range c.VolumeMounts {
		mounts[m.Name] = m.MountPath
	}
	secret := filepath.Join(t.TempDir(), "store")
	if err := os.WriteFile(secret, []byte("postgres://lastcall:x@db/lastcall\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if filepath.Dir(env["LASTCALL_STORE_FILE"]) != mounts["store"] {
		t.Errorf("the store is read from %s, and the secret is mounted at %s", env["LASTCALL_STORE_FILE"], mounts["store"])
	}
	env["LASTCALL_STORE_FILE"] = secret
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	config.AddFlags(flags)
	args := append([]string{}, c.Args...)
	if args[0] != "serve" || args[1] != "--config" || filepath.Dir(args[2]) != mounts["config"] {
		t.Fatalf("it is started with %q", args)
	}
	args[2] = filepath.Join(manyPods, filepath.Base(args[2]))
	if err := flags.Parse(args[1:]); err != nil {
		t.Fatal(err)
	}
	settings, err := config.Load(flags, func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	if settings.Advertise != "10.0.0.7" || settings.Grace != time.Minute || settings.Auth != "off" || len(settings.Types) == 0 {
		t.Errorf("%+v", settings)
	}
}

func pairs(env map[string]string) (list []string) {
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	return list
}
