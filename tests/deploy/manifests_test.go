package deploy

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/yaml"
)

// manifest reads a file as what it says it is. A field that the API does not know, or one that is given twice, fails.
func manifest[T any](t *testing.T, folder, name, kind string) T {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	var it T
	if err := yaml.UnmarshalStrict(content, &it); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if !strings.Contains(string(content), "\nkind: "+kind+"\n") {
		t.Fatalf("%s is no %s", name, kind)
	}
	return it
}

func deployment(t *testing.T, folder string) appsv1.Deployment {
	t.Helper()
	return manifest[appsv1.Deployment](t, folder, "deployment.yaml", "Deployment")
}

// kustomization is what of one is used here.
type kustomization struct {
	APIVersion         string   `json:"apiVersion"`
	Kind               string   `json:"kind"`
	Resources          []string `json:"resources"`
	ConfigMapGenerator []struct {
		Name  string   `json:"name"`
		Files []string `json:"files"`
	} `json:"configMapGenerator"`
	Replacements []struct {
		Source struct {
			Kind, Name, FieldPath string
		} `json:"source"`
		Targets []struct {
			Select     struct{ Kind, Name string } `json:"select"`
			FieldPaths []string                    `json:"fieldPaths"`
		} `json:"targets"`
	} `json:"replacements"`
}

// Every file is what the API takes, and they fit together: selectors pick the pods, names are those of what is there.
func TestTheManifestsAreWhatKubernetesTakes(t *testing.T) {
	for _, folder := range []string{manyPods, onePod} {
		fitTogether(t, folder)
	}
	node := deployment(t, manyPods).Spec.Template.Spec.Containers[0]
	job := manifest[batchv1.Job](t, manyPods, "migrate.yaml", "Job").Spec.Template.Spec.Containers[0]
	if job.Image != node.Image {
		t.Errorf("the schema is brought on by %s, and served by %s", job.Image, node.Image)
	}
}

func fitTogether(t *testing.T, folder string) {
	t.Helper()
	d := deployment(t, folder)
	pods := d.Spec.Template
	labels := pods.Labels
	picks := map[string]map[string]string{
		"the deployment": d.Spec.Selector.MatchLabels,
		"the service":    manifest[corev1.Service](t, folder, "service.yaml", "Service").Spec.Selector,
		"the budget":     manifest[policyv1.PodDisruptionBudget](t, folder, "budget.yaml", "PodDisruptionBudget").Spec.Selector.MatchLabels,
		"the network policy": manifest[networkingv1.NetworkPolicy](t, folder, "networkpolicy.yaml", "NetworkPolicy").
			Spec.PodSelector.MatchLabels,
	}
	for _, spread := range pods.Spec.TopologySpreadConstraints {
		picks["the spread over "+spread.TopologyKey] = spread.LabelSelector.MatchLabels
	}
	for who, selector := range picks {
		if len(selector) == 0 {
			t.Errorf("%s picks every pod there is", who)
		}
		for name, value := range selector {
			if labels[name] != value {
				t.Errorf("%s picks %s=%s, which the pods do not have", who, name, value)
			}
		}
	}
	k := manifest[kustomization](t, folder, "kustomization.yaml", "Kustomization")
	for _, name := range k.Resources {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			t.Error(err)
		}
	}
	mounted := pods.Spec.Volumes[slices.IndexFunc(pods.Spec.Volumes, func(v corev1.Volume) bool { return v.ConfigMap != nil })]
	if len(k.ConfigMapGenerator) != 1 || k.ConfigMapGenerator[0].Name != mounted.ConfigMap.Name {
		t.Errorf("the pods mount %s", mounted.ConfigMap.Name)
	}
}

// A pod is told to stop only when another is ready, on a host that may fail alone, and no more than one at a time.
func TestARollOutAndAnEmptiedHostTakeOnePodAtATime(t *testing.T) {
	d := deployment(t, manyPods)
	roll := d.Spec.Strategy.RollingUpdate
	if d.Spec.Strategy.Type != appsv1.RollingUpdateDeploymentStrategyType ||
		roll.MaxUnavailable.IntValue() != 0 || roll.MaxSurge.IntValue() != 1 || *d.Spec.Replicas < 3 {
		t.Errorf("%d replicas are replaced as %+v says", *d.Spec.Replicas, roll)
	}
	if n := manifest[policyv1.PodDisruptionBudget](t, manyPods, "budget.yaml", "PodDisruptionBudget").Spec.MaxUnavailable; n.IntValue() != 1 {
		t.Errorf("%v pods may be taken at once", n)
	}
	spread := d.Spec.Template.Spec.TopologySpreadConstraints
	if len(spread) == 0 || spread[0].TopologyKey != corev1.LabelHostname || spread[0].MaxSkew != 1 {
		t.Errorf("they are spread as %+v says", spread)
	}
}

// No container is more than it has to be: no root, no rights to gain, no file that it could change.
func TestNoContainerHasMoreThanItNeeds(t *testing.T) {
	for name, pod := range map[string]corev1.PodSpec{
		"the node":      deployment(t, manyPods).Spec.Template.Spec,
		"the only node": deployment(t, onePod).Spec.Template.Spec,
		"the migration": manifest[batchv1.Job](t, manyPods, "migrate.yaml", "Job").Spec.Template.Spec,
	} {
		c := pod.Containers[0]
		own := c.SecurityContext
		if !*pod.SecurityContext.RunAsNonRoot || *own.AllowPrivilegeEscalation || !*own.ReadOnlyRootFilesystem ||
			!slices.Equal(own.Capabilities.Drop, []corev1.Capability{"ALL"}) ||
			pod.SecurityContext.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault || *pod.AutomountServiceAccountToken {
			t.Errorf("%s: %+v %+v", name, pod.SecurityContext, own)
		}
		if c.Resources.Requests.Cpu().IsZero() || c.Resources.Limits.Memory().IsZero() {
			t.Errorf("%s asks for %+v", name, c.Resources)
		}
		pinned(t, c.Image)
	}
}

// pinned says that an image is named by a version, so that the same file gives the same program tomorrow.
func pinned(t *testing.T, image string) {
	t.Helper()
	_, tag, found := strings.Cut(image, ":")
	if !found || tag == "latest" || !strings.ContainsAny(tag, "0123456789") || !strings.Contains(tag, ".") {
		t.Errorf("the image %s is not of one version", image)
	}
}
