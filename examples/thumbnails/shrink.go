package main

import (
	"image"
	"image/color"
)

// shrink makes a picture whose longer side has so many pixels, each the mean of those that it stands for. One that is
// small enough already stays as large as it is.
func shrink(whole image.Image, size int) image.Image {
	from := whole.Bounds()
	width, height := from.Dx(), from.Dy()
	if longer := max(width, height); longer > size {
		width, height = max(1, width*size/longer), max(1, height*size/longer)
	}
	small := image.NewRGBA64(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			small.SetRGBA64(x, y, mean(whole, image.Rect(
				from.Min.X+x*from.Dx()/width, from.Min.Y+y*from.Dy()/height,
				from.Min.X+(x+1)*from.Dx()/width, from.Min.Y+(y+1)*from.Dy()/height,
			)))
		}
	}
	return small
}

// mean is that of the colours of an area, weighed by how much they cover.
func mean(whole image.Image, area image.Rectangle) color.RGBA64 {
	var r, g, b, a, n uint64
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			pr, pg, pb, pa := whole.At(x, y).RGBA()
			r, g, b, a, n = r+uint64(pr), g+uint64(pg), b+uint64(pb), a+uint64(pa), n+1
		}
	}
	return color.RGBA64{uint16(r / n), uint16(g / n), uint16(b / n), uint16(a / n)}
}
