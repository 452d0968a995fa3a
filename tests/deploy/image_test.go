package deploy

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The image is built from pinned parts, has a program that needs nothing around it, and is nobody's.
func TestTheImageIsAStaticProgramOfNobody(t *testing.T) {
	content, err := os.ReadFile("../../deploy/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	text := string(content)
	for _, from := range regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(text, -1) {
		if from[1] != "scratch" {
			pinned(t, from[1])
		}
	}
	lines := []string{"\nUSER 65532:65532\n", "\nWORKDIR /data\nVOLUME /data\n", `ENTRYPOINT ["/lastcall"]`}
	if slices.ContainsFunc(lines, func(l string) bool { return !strings.Contains(text, l) }) {
		t.Error("it is somebody's, or starts something else")
	}
	build := regexp.MustCompile(`(?m)^RUN (CGO_ENABLED=0 go build .*) -o /out/lastcall (\./\S+)$`).FindStringSubmatch(text)
	if build == nil {
		t.Fatal("the Dockerfile builds something else")
	}
	program := filepath.Join(t.TempDir(), "lastcall")
	cmd := exec.CommandContext(t.Context(), "sh", "-c", build[1]+` -o "$0" `+build[2], program)
	cmd.Dir, cmd.Env = "../..", append(os.Environ(), "VERSION=v9.9.9")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		t.Error("it needs a dynamic linker, which the image does not have")
	}
	livesInAnEmptyRoot(t, program)
	out, err := exec.CommandContext(t.Context(), program, "--version").Output()
	if err != nil || !strings.Contains(string(out), "v9.9.9") {
		t.Errorf("it says it is %q: %v", out, err)
	}
}
