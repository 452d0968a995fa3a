package examples_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/lastcall-dev/lastcall"
	"github.com/lastcall-dev/lastcall/tests/lab"
)

// A real picture becomes a real thumbnail, whose colours are those of the picture; what is no picture fails for good.
func TestAPictureBecomesAThumbnail(t *testing.T) {
	t.Parallel()
	dir := example(t, "thumbnails")
	program, err := os.ReadFile(lab.BuildPlain(t, "examples/thumbnails"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "thumbnail"), program, 0o700); err != nil {
		t.Fatal(err)
	}
	n := node(t, dir, lab.Data(t))
	task := n.Submit(`{"type":"thumbnail","input":{"image":"photo.png","size":96}}`, "Prefer: wait=30")
	var done struct {
		File          string
		Width, Height int
	}
	if err := json.Unmarshal(task.Output, &done); err != nil {
		t.Fatalf("%s %+v: %v", task.Status, task.Error, err)
	}
	whole, small := picture(t, filepath.Join(dir, "photo.png")), picture(t, filepath.Join(dir, done.File))
	if small.Bounds() != image.Rect(0, 0, 96, 64) || done.Width != 96 || done.Height != 64 {
		t.Errorf("the thumbnail is %v, said to be %+v", small.Bounds(), done)
	}
	if sky, was := red(small, 20, 5), red(whole, 100, 25); sky < was-8 || sky > was+8 {
		t.Errorf("there is %d of red in the sky, and was %d", sky, was)
	}
	if again := n.Submit(`{"type":"thumbnail","input":{"image":"photo.png","size":96}}`, "Prefer: wait=30"); !bytes.Equal(again.Output, task.Output) {
		t.Errorf("the second time it is %s", again.Output)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "thumbnails", "*")); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}

	huge := filepath.Join(dir, "huge.png")
	if err := os.WriteFile(huge, claims(t, dir), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, input := range []string{
		`{"image":"lastcall.yaml"}`, `{"image":"nowhere.png"}`, `{"image":"../../../../etc/hostname"}`,
		`{"image":"huge.png"}`, `{"image":"photo.png","size":100000}`, `7`,
	} {
		task := n.Submit(`{"type":"thumbnail","input":`+input+`}`, "Prefer: wait=30")
		if task.Status != lastcall.Failed || task.Attempt != 1 || task.Error.Code != "bad_image" {
			t.Errorf("G10: %s: %s at attempt %d, %+v", input, task.Status, task.Attempt, task.Error)
		}
	}
}

func picture(t *testing.T, file string) image.Image {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// red is how much of it a pixel has, of 255.
func red(p image.Image, x, y int) int {
	return int(color.RGBAModel.Convert(p.At(x, y)).(color.RGBA).R)
}

// claims is the picture with a head that says it were 65,536 pixels wide and high. The sum over the head is not right any
// more, which is found after the size.
func claims(t *testing.T, dir string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "photo.png"))
	if err != nil {
		t.Fatal(err)
	}
	copy(b[16:24], []byte{0, 1, 0, 0, 0, 1, 0, 0})
	return b
}
