package minimise

import (
	"bytes"
	_ "embed"

	"go.yaml.in/yaml/v3"
)

//go:embed coarse.yaml
var coarseText []byte

// CoarseText returns the text of coarse.yaml: it is part of what decides.
func CoarseText() []byte { return coarseText }

// coarse is coarse.yaml, read; it never changes.
var coarse = readCoarse(coarseText)

// coarseFile is what values are generalised to.
type coarseFile struct {
	Browsers  []struct{ Product, Written string }
	Platforms []struct{ Sign, Written string }
	Clients   []string
	Bots      []string
	Families  []string
	Nowhere   []string
	Hints     []string
	Areas     []string
	Lengths   []int
	Depths    []int
	Sizes     []struct {
		From          int
		Width, Height string
	}
}

// readCoarse reads the file. What is wrong in it is a bug, which a test finds.
func readCoarse(text []byte) *coarseFile {
	f := new(coarseFile)
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(f); err != nil {
		panic("BUG: coarse.yaml: " + err.Error())
	}
	return f
}
