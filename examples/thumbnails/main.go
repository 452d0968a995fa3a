// Command thumbnail makes a thumbnail of an image, as lastcall runs it: what to do comes as JSON on standard input, what
// came of it goes as JSON to standard output, how far it is to file descriptor 3, and the exit code says the rest.
//
//	echo '{"image":"photo.png","size":128}' | ./thumbnail
//
// Images are read from the folder that it runs in and written into its folder thumbnails, and nowhere else, whatever the
// input says: it may come from anybody. It may run again at any time: the file is written beside its place and then put
// there, so that nobody ever sees half a picture, and twice is as good as once. It needs nothing but Go's standard library.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path"
)

// order is what is asked for.
type order struct {
	Image string `json:"image"` // a PNG or a JPEG
	Size  int    `json:"size"`  // of the longer side, in pixels; 128
}

// picture is what came of it.
type picture struct {
	File   string `json:"file"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
	Of     string `json:"of"` // the format of the image
}

// Exit codes, from sysexits.h: what is wrong with the input is so the next time too.
const dataError = 65

// mostPixels bounds what is decoded: a few bytes can ask for a picture that no memory holds.
const mostPixels = 50_000_000

// bad is a mistake of whoever asked: trying again would not mend it.
type bad struct{ error }

func main() {
	done, err := run(os.Stdin, os.NewFile(3, "messages"))
	switch {
	case err == nil:
		err = json.NewEncoder(os.Stdout).Encode(done)
	case errors.As(err, new(bad)):
		answer := map[string]any{"error": map[string]string{"code": "bad_image", "message": err.Error()}}
		_ = json.NewEncoder(os.Stdout).Encode(answer) // the exit code says the same
		os.Exit(dataError)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1) // a failed attempt: the disk may have room the next time
	}
}

// run does what the input asks for.
func run(input io.Reader, messages io.Writer) (done picture, err error) {
	asked := order{Size: 128}
	if err := json.NewDecoder(input).Decode(&asked); err != nil {
		return done, bad{fmt.Errorf("the input: %w", err)}
	}
	if asked.Size < 1 || asked.Size > 2048 {
		return done, bad{fmt.Errorf("a size of %d pixels", asked.Size)}
	}
	here, err := os.OpenRoot(".")
	if err != nil {
		return done, err
	}
	defer func() { _ = here.Close() }() // a folder: nothing is written to it
	whole, format, err := read(here, asked.Image)
	if err != nil {
		return done, err
	}
	tell(messages, 30, "read")
	small := shrink(whole, asked.Size)
	tell(messages, 80, "shrunk")
	done = picture{
		File: path.Join("thumbnails", fmt.Sprintf("%s-%d.png", path.Base(asked.Image), asked.Size)), Of: format,
		Width: small.Bounds().Dx(), Height: small.Bounds().Dy(),
	}
	return done, write(here, done.File, small)
}

// tell says how far it is. Without lastcall there may be nobody to hear it.
func tell(messages io.Writer, percent int, message string) {
	line := map[string]any{"progress": map[string]any{"percent": percent, "message": message}}
	_ = json.NewEncoder(messages).Encode(line)
}

// read decodes an image.
func read(here *os.Root, name string) (image.Image, string, error) {
	f, err := here.Open(name)
	if err != nil {
		return nil, "", bad{err} // it is not there, or not ours to read
	}
	defer f.Close()
	head, format, err := image.DecodeConfig(f)
	if err != nil {
		return nil, "", bad{fmt.Errorf("%s: %w", name, err)}
	}
	if head.Width*head.Height > mostPixels {
		return nil, "", bad{fmt.Errorf("%s: %d × %d pixels are too many", name, head.Width, head.Height)}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, "", err
	}
	decode := map[string]func(io.Reader) (image.Image, error){"png": png.Decode, "jpeg": jpeg.Decode}[format]
	whole, err := decode(f)
	if err != nil {
		return nil, "", bad{fmt.Errorf("%s: %w", name, err)}
	}
	return whole, format, nil
}

// write puts the picture in its place.
func write(here *os.Root, name string, small image.Image) error {
	if err := here.Mkdir(path.Dir(name), 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	part := fmt.Sprintf("%s.%d.part", name, os.Getpid()) // of this run alone
	f, err := here.Create(part)
	if err != nil {
		return err
	}
	if err := errors.Join(png.Encode(f, small), f.Sync(), f.Close()); err != nil {
		return errors.Join(err, here.Remove(part))
	}
	return here.Rename(part, name)
}
