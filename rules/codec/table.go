package codec

import (
	"strings"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// Format is the innermost layer of a [Stack].
type Format uint8

// The formats.
const (
	NoFormat Format = iota
	Form            // a=1&b=2
	Lines           // forms, one a line
	JSON            // one JSON value
	Records         // JSON values, one a line
	Item            // idSKU~nmName~k0colour~v0red
	Chain           // a.link:href="/cart"text="Cart";div:nth-child="1"

	numFormats
)

// format is a row of the table of formats. How its nodes are written [Assembler] knows by their kind.
type format struct {
	name string // as vendors' files write it
	read func(o *Opener, parent int32, value hit.Span) error
}

// formats is the table of formats.
var formats = [numFormats]format{
	Form:    {"form", (*Opener).form},
	Lines:   {"lines", (*Opener).lines},
	JSON:    {"json", (*Opener).json},
	Records: {"ndjson", (*Opener).records},
	Item:    {"item", (*Opener).item},
	Chain:   {"elements_chain", (*Opener).chain},
}

// container is what a value may be wrapped in: a row of the table of containers.
type container struct {
	name string // as vendors' files write it
	// step tells by a text which form of the container it has.
	step func(text []byte) hit.Step
	// noSpaces: there is no space in it; what is one in a form is a plus sign that was not escaped.
	noSpaces bool
}

// containers is the table of containers. A new one is a file with its row and its layers, and a line here and for each
// of its steps below.
var containers = [...]container{
	base64Container,
	gzipContainer,
	deflateContainer,
}

// The steps by which containers are taken off and put back. Base64 comes in two alphabets, with and without padding;
// deflate with and without the header of zlib.
const (
	Base64Std hit.Step = hit.NoStep + 1 + iota
	Base64StdRaw
	Base64URL
	Base64URLRaw
	Gzip
	Zlib
	Deflate
	QuestionMark // a query string that starts with "?": a form knows it by itself

	numSteps
)

// layer says how a step is taken off a value and put back around a text.
type layer struct {
	off func(o *Opener, value hit.Span, step hit.Step) (hit.Span, error)
	on  func(a *Assembler, dst, inner []byte, step hit.Step) []byte
}

// layers are the layers by their steps. What they call may not read this table, which could not be made then.
var layers = [numSteps]layer{
	Base64Std:    base64Std,
	Base64StdRaw: base64StdRaw,
	Base64URL:    base64URL,
	Base64URLRaw: base64URLRaw,
	Gzip:         compressed,
	Zlib:         compressed,
	Deflate:      compressed,
	QuestionMark: questionMark,
}

// compressions are what compresses, by their steps.
var compressions = [numSteps]compression{
	Gzip:    gzipCompression,
	Zlib:    zlibCompression,
	Deflate: rawCompression,
}

// listed writes names as "form, lines and json".
func listed(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

func formatNames() (names []string) {
	for _, f := range formats[NoFormat+1:] {
		names = append(names, f.name)
	}
	return names
}

func containerNames() (names []string) {
	for _, c := range containers {
		names = append(names, c.name)
	}
	return names
}
