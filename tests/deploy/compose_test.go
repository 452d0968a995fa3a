package deploy

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/spf13/pflag"

	"github.com/lastcall-dev/lastcall/config"
	"github.com/lastcall-dev/lastcall/drain"
)

const (
	composeFile  = "../../deploy/compose/compose.yaml"
	balancerFile = "../../deploy/compose/haproxy.cfg"
)

// project reads compose.yaml as Compose does: what the specification does not know fails.
func project(t *testing.T) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{composeFile}, cli.WithoutEnvironmentResolution)
	if err != nil {
		t.Fatal(err)
	}
	p, err := options.LoadProject(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func service(t *testing.T, p *types.Project, name string) types.ServiceConfig {
	t.Helper()
	s, err := p.GetService(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// G6, G8: the nodes of compose.yaml have settings that serve takes, the grace that Docker gives, and announce that they go
// for longer than the balancer takes to find out.
func TestTheNodesOfComposeFitTheirBalancer(t *testing.T) {
	p := project(t)
	for _, name := range []string{"lastcall-a", "lastcall-b"} {
		s := service(t, p, name)
		env := map[string]string{}
		for name, value := range s.Environment {
			env[name] = *value
		}
		if unknown := config.UnknownVariables(pairs(env)); len(unknown) > 0 {
			t.Errorf("%v set nothing", unknown)
		}
		secret := filepath.Join(t.TempDir(), "store")
		if err := os.WriteFile(secret, []byte("postgres://lastcall:x@postgres/lastcall"), 0o600); err != nil {
			t.Fatal(err)
		}
		env["LASTCALL_STORE_FILE"] = secret
		flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
		config.AddFlags(flags)
		settings, err := config.Load(flags, func(name string) string { return env[name] })
		if err != nil {
			t.Fatal(err)
		}
		if given := time.Duration(*s.StopGracePeriod); settings.Grace != given {
			t.Errorf("%s is killed after %v, and counts on %v", name, given, settings.Grace)
		}
		if s.Hostname != name {
			t.Errorf("%s is called %s", name, s.Hostname)
		}
	}
	announce := drain.Plan{}.WithDefaults().Announce.Min
	if noticed := balancerNotices(t); noticed+margin > announce {
		t.Errorf("the balancer finds out after %v, and a second is to spare: the announcement lasts %v", noticed, announce)
	}
}

// balancerNotices is how long HAProxy takes to send nothing more to a node that has turned: inter x fall.
func balancerNotices(t *testing.T) time.Duration {
	t.Helper()
	content, err := os.ReadFile(balancerFile)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^ *default-server check inter (\S+) fall (\d+)`).FindSubmatch(content)
	if m == nil {
		t.Fatal("haproxy.cfg says nothing of inter and fall")
	}
	inter, err := time.ParseDuration(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	fall, err := strconv.Atoi(string(m[2]))
	if err != nil {
		t.Fatal(err)
	}
	return inter * time.Duration(fall)
}

// The images of others are of one version, the secrets are not in the repository, and nothing but the balancer can be
// reached, from this host alone.
func TestComposeOpensOneDoor(t *testing.T) {
	p := project(t)
	for _, s := range p.Services {
		if s.Build == nil {
			pinned(t, s.Image)
		}
		for _, port := range s.Ports {
			if s.Name != "balancer" || port.HostIP != "127.0.0.1" {
				t.Errorf("%s is open at %s:%s", s.Name, port.HostIP, port.Published)
			}
		}
		if s.HealthCheck == nil && s.Name != "balancer" {
			t.Errorf("nobody knows how %s is", s.Name)
		}
	}
	ignored, err := os.ReadFile("../../deploy/compose/.gitignore")
	if err != nil || !strings.Contains(string(ignored), "secrets/\n") {
		t.Errorf("git may take the secrets: %v", err)
	}
}

// HAProxy takes its configuration, with the variables that compose.yaml gives it.
func TestTheBalancerTakesItsConfiguration(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "haproxy", "-c", "-f", balancerFile)
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin")
	for name, value := range service(t, project(t), "balancer").Environment {
		cmd.Env = append(cmd.Env, name+"="+*value)
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// The script makes the secrets that compose.yaml names, once, and the address in one of them is that of a store.
func TestTheSecretsAreMadeOnce(t *testing.T) {
	script, err := os.ReadFile("../../deploy/compose/secrets.sh")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "secrets.sh"), script, 0o700); err != nil {
		t.Fatal(err)
	}
	run := func() error { return exec.CommandContext(t.Context(), filepath.Join(dir, "secrets.sh")).Run() }
	if err := run(); err != nil {
		t.Fatal(err)
	}
	if err := run(); err == nil {
		t.Error("it made them anew: the database would not know the password")
	}
	for _, secret := range project(t).Secrets {
		if _, err := os.Stat(filepath.Join(dir, "secrets", filepath.Base(secret.File))); err != nil {
			t.Error(err)
		}
	}
	password, err := os.ReadFile(filepath.Join(dir, "secrets", "password"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := config.ReadStore(filepath.Join(dir, "secrets", "store"))
	if err != nil || len(password) != 48 || !strings.Contains(store, ":"+string(password)+"@postgres/") {
		t.Errorf("the password has %d bytes, %v", len(password), err)
	}
}
