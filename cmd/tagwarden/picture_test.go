package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// keepPicture names a picture of the demonstration's page, to be kept as that of README: `make picture`.
var keepPicture = flag.String("keep-picture", "", "a picture of the demonstration's page, to be kept as docs/demo.png")

const (
	picture       = "docs/demo.png"
	pictureOf     = "docs/demo.sha256" // of which page it is: the digest of its sources
	mostOfPicture = 150 << 10
)

// pictured are the sources of what the picture shows.
var pictured = []string{"demo/page.html", "demo_site.go"}

// TestPictureIsOfThePage: README's picture is small enough, can be read, and was taken of the page as it is.
func TestPictureIsOfThePage(t *testing.T) {
	digest := sha256.New()
	for _, name := range pictured {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		digest.Write(text)
	}
	is := hex.EncodeToString(digest.Sum(nil))
	if *keepPicture != "" {
		keepAs(t, *keepPicture, is)
	}
	was, err := os.ReadFile(pictureOf)
	if err != nil || strings.TrimSpace(string(was)) != is {
		t.Errorf("%s is not of the page as it is (%v): `make picture` takes another", picture, err)
	}
	text, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	got, err := png.Decode(bytes.NewReader(text))
	if err != nil || len(text) > mostOfPicture || got.Bounds().Dx() < 1000 || got.Bounds().Dy() < 1000 {
		t.Errorf("%s: %v, %d bytes, %v", picture, err, len(text), got)
	}
}

// keepAs writes a picture in 256 colours, of which a page of text has hardly more, and of which page it is.
func keepAs(t *testing.T, from, digest string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	taken, err := png.Decode(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, inColours(taken)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{picture: out.Bytes(), pictureOf: []byte(digest + "\n")} {
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// inColours paints a picture in its 256 most frequent colours.
func inColours(of image.Image) *image.Paletted {
	counts, bounds := map[color.Color]int{}, of.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[of.At(x, y)]++
		}
	}
	all := slices.SortedFunc(maps.Keys(counts), func(a, b color.Color) int { return counts[b] - counts[a] })
	painted := image.NewPaletted(bounds, all[:min(len(all), 256)])
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			painted.Set(x, y, of.At(x, y))
		}
	}
	return painted
}
