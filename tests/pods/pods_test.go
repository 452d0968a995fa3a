// Package pods_test has two processes take over from each other as two pods with one file do: in a network each, on one
// host, and in one file system.
package pods_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/drain"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }

// inside says that this process has networks of its own.
const inside = "LAB_INSIDE"

// G1, G2, G6, G7: a surge roll-out of one pod. The new one listens at every address of its own network and is ready, the
// old one is told to stop, finds it, announces, and goes. Through a real HAProxy nobody notices.
//
// The test runs itself anew where it may make networks; that needs no right beyond what a user has who may make a user
// namespace. Where even that is forbidden the two have a loopback address each instead, and what they advertise is given:
// that a node finds out its own, and does not ask itself, is proven by the tests of package server.
func TestASurgeOfOnePodRefusesNobody(t *testing.T) {
	switch {
	case os.Getenv(inside) != "":
		rollOut(t, networks(t))
	case exec.CommandContext(t.Context(), "unshare", separate, "ip", "link", "add", "host0", "type", "veth", "peer", "pod0").Run() == nil:
		cmd := exec.CommandContext(t.Context(), "unshare", separate, os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), inside+"=1", "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
		out, err := cmd.CombinedOutput()
		t.Logf("%s", out)
		if err != nil {
			t.Error(err)
		}
	default:
		t.Log("no networks can be made here: two loopback addresses stand for them")
		rollOut(t, loopbacks(t))
	}
}

// separate makes a user namespace, and a network and mounts in it.
const separate = "-Urmn"

// place is where a pod is.
type place struct {
	addr    string   // where others reach it
	command []string // goes before the program
	flags   []string
}

// networks makes a network for each of two pods, joined through this one, as those of a host are.
func networks(t *testing.T) []place {
	t.Helper()
	script := `set -e
mount -t tmpfs none /run
ip link set lo up
for pod in 1 2; do
  ip netns add pod$pod
  ip link add host$pod type veth peer name eth0 netns pod$pod
  ip addr add 10.77.$pod.1/24 dev host$pod
  ip link set host$pod up
  nsenter --net=/run/netns/pod$pod sh -ec "
    ip link set lo up
    ip addr add 10.77.$pod.2/24 dev eth0
    ip link set eth0 up
    ip route add default via 10.77.$pod.1"
done
echo 1 >/proc/sys/net/ipv4/ip_forward
`
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", script).CombinedOutput(); err != nil {
		t.Fatalf("make networks: %v\n%s", err, out)
	}
	var places []place
	for _, pod := range []string{"1", "2"} {
		places = append(places, place{
			addr: "10.77." + pod + ".2:8080", command: []string{"nsenter", "--net=/run/netns/pod" + pod},
			flags: []string{"--listen", ":8080"},
		})
	}
	return places
}

func loopbacks(t *testing.T) []place {
	t.Helper()
	port := lab.FreePort(t)
	var places []place
	for _, host := range []string{"127.0.0.2", "127.0.0.3"} {
		places = append(places, place{addr: host + ":" + port, flags: []string{"--listen", host + ":" + port}})
	}
	return places
}

// start starts a pod, and returns when it serves.
func (p place) start(t *testing.T, store string) *lab.Node {
	t.Helper()
	args := slices.Concat(p.command, []string{lab.Binary(t)}, lab.ServeArgs(store, "--auth=off", "--store-outlives-pod", "--grace=40s",
		// Kubernetes takes a pod out of rotation by itself. HAProxy goes by readiness.
		"--drain-readiness=early"), p.flags)
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Env = []string{"KUBERNETES_SERVICE_HOST=10.96.0.1"} // what a pod knows itself by
	n := lab.Launch(t, cmd)
	<-n.Serving()
	n.Addr = p.addr
	return n
}

func rollOut(t *testing.T, places []place) {
	t.Helper()
	store := lab.Data(t)
	service := lab.HAProxy(t, []string{places[0].addr, places[1].addr})
	before := places[0].start(t, store)
	service.Await(1)
	crowd := lab.NewCrowd(t, service.Addr)
	stop := crowd.Come(context.WithoutCancel(t.Context()))
	long := before.Sleep("alice", 0).ID
	after := places[1].start(t, store)
	service.Await(2)
	before.Stop() // as Kubernetes does, which does not wait for the pods to know of each other
	report := before.Drained()
	announced := false
	for _, p := range report.Phases {
		announced = announced || p.Name == drain.Announce
	}
	if !announced || report.Refused != 0 {
		t.Errorf("the old one did not hand over, or refused: %+v", report)
	}
	seen := crowd.Served()
	lab.Until(t, "the new one serves alone", func() bool { return crowd.Served() >= seen+20 })
	stop()
	ids := append(crowd.Accepted(), long)
	for _, id := range ids {
		after.AwaitStatus(id, lastcall.Succeeded)
	}
	if strings.Contains(before.Log()+after.Log(), "somebody else answers") {
		t.Error("one of them asked somebody else")
	}
	if a := after.Do(http.MethodGet, "/readyz", ""); a.Header.Get("Lastcall-Incarnation") == "" {
		t.Error("nobody says who is ready")
	}
	t.Logf("%d tasks, %d requests after the signal, %+v", len(ids), report.RequestsAfterSignal, report.Phases)
}
