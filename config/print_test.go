package config

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// What is printed says where everything is from, tells no secret, and loads as the same settings again.
func TestWhatIsPrintedIsWhatIsInForce(t *testing.T) {
	secret := "whsec_" + strings.Repeat("A", 32)
	file(t, "a.yaml", "node: 'null: # \u00e4'\nlimits: {wait: 90s}\ndrain: {announce: {max: 20s}, handover: {rate: 7}}\n")
	c, err := Load(command(t, "--config=a.yaml", "--grace=40s"),
		environment(map[string]string{"LASTCALL_SIGNING_SECRET": secret, "LASTCALL_RETENTION_TASKS": "3d", "LASTCALL_TERMINATION_FILE": "null"}))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := c.Print(&b); err != nil {
		t.Fatal(err)
	}
	printed := b.String()
	for _, want := range []string{
		"grace: 40s                           # --grace\n", "concurrency: 64                      # default\n",
		"  tasks: 3d                          # LASTCALL_RETENTION_TASKS\n",
		"    max: 20s                         # a.yaml:3:25\n", "# signing_secret: not shown, from LASTCALL_SIGNING_SECRET\n",
		"  # hand_back: stop_timeout and 2s\n",
	} {
		if !strings.Contains(printed, want) {
			t.Errorf("%q is not in\n%s", want, printed)
		}
	}
	if strings.Contains(printed, secret) {
		t.Error("it tells the secret")
	}
	if err := os.WriteFile("b.yaml", []byte(printed), 0o600); err != nil {
		t.Fatal(err)
	}
	again, err := Load(command(t, "--config=b.yaml"), environment(map[string]string{"LASTCALL_SIGNING_SECRET": secret}))
	if err != nil {
		t.Fatalf("%v in\n%s", err, printed)
	}
	for _, c := range []*Config{c, again} {
		c.from, c.written = nil, nil
	}
	if !reflect.DeepEqual(c, again) {
		t.Errorf("%+v\nis not\n%+v", again, c)
	}
}
