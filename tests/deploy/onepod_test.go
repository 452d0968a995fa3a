package deploy

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"

	"github.com/lastcall-dev/lastcall/config"
)

// G6: the next pod comes before the one before is told to stop, on the same host and to the same file, and nobody but its
// owner takes the only one away.
func TestTheOnlyPodIsReplacedByOneBesideIt(t *testing.T) {
	d := deployment(t, onePod)
	roll := d.Spec.Strategy.RollingUpdate
	if d.Spec.Strategy.Type != appsv1.RollingUpdateDeploymentStrategyType || *d.Spec.Replicas != 1 ||
		roll.MaxUnavailable.IntValue() != 0 || roll.MaxSurge.IntValue() != 1 {
		t.Errorf("%d replicas are replaced as %+v says", *d.Spec.Replicas, roll)
	}
	near := d.Spec.Template.Spec.Affinity.PodAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if len(near) != 1 || near[0].TopologyKey != corev1.LabelHostname || len(near[0].LabelSelector.MatchLabels) == 0 {
		t.Fatalf("it goes where %+v says", near)
	}
	for name, value := range near[0].LabelSelector.MatchLabels {
		if d.Spec.Template.Labels[name] != value {
			t.Errorf("it goes to pods with %s=%s, which it is not itself: the first would go nowhere", name, value)
		}
	}
	claim := manifest[corev1.PersistentVolumeClaim](t, onePod, "volume.yaml", "PersistentVolumeClaim")
	if !slices.Equal(claim.Spec.AccessModes, []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}) ||
		*claim.Spec.VolumeMode != corev1.PersistentVolumeFilesystem {
		t.Errorf("the volume is %+v", claim.Spec)
	}
	budget := manifest[policyv1.PodDisruptionBudget](t, onePod, "budget.yaml", "PodDisruptionBudget")
	if n := budget.Spec.MaxUnavailable; n.IntValue() != 0 {
		t.Errorf("%v of one may be taken by anybody", n)
	}
}

// What it writes is on the volume, which is its group's; it knows that the next pod has the file too, and says where that
// one reaches it.
func TestTheOnlyPodStartsWithTheseSettings(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
	pod := deployment(t, onePod).Spec.Template.Spec
	c := pod.Containers[0]
	env := environment(t, &c)
	if unknown := config.UnknownVariables(pairs(env)); len(unknown) > 0 {
		t.Errorf("%v set nothing", unknown)
	}
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	config.AddFlags(flags)
	args := slices.Clone(c.Args)
	args[2] = filepath.Join(onePod, filepath.Base(args[2]))
	if err := flags.Parse(args[1:]); err != nil {
		t.Fatal(err)
	}
	settings, err := config.Load(flags, func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	if settings.Advertise != "10.0.0.7" || settings.Grace != time.Minute || !settings.StoreOutlivesPod || len(settings.Types) == 0 {
		t.Errorf("%+v", settings)
	}
	claim := manifest[corev1.PersistentVolumeClaim](t, onePod, "volume.yaml", "PersistentVolumeClaim")
	mounted := false
	for _, m := range c.VolumeMounts {
		volume := pod.Volumes[slices.IndexFunc(pod.Volumes, func(v corev1.Volume) bool { return v.Name == m.Name })]
		if volume.PersistentVolumeClaim != nil && volume.PersistentVolumeClaim.ClaimName == claim.Name {
			mounted = filepath.Dir(strings.TrimPrefix(settings.Store, "sqlite:")) == m.MountPath && !m.ReadOnly
		}
	}
	if !mounted || *pod.SecurityContext.FSGroup != *pod.SecurityContext.RunAsGroup {
		t.Errorf("%s is not on the volume, or that is not its own", settings.Store)
	}
}

// The two forms share what is not about the store: who changes one is reminded of the other.
func TestTheFormsShareTheirServiceAndTheirWalls(t *testing.T) {
	for _, name := range []string{"service.yaml", "networkpolicy.yaml", "lastcall.yaml"} {
		one, err := os.ReadFile(filepath.Join(onePod, name))
		if err != nil {
			t.Fatal(err)
		}
		many, err := os.ReadFile(filepath.Join(manyPods, name))
		if err != nil || !bytes.Equal(one, many) {
			t.Errorf("%s differs: %v", name, err)
		}
	}
}
