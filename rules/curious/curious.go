// Package curious reads what was sent as a curious vendor would: with every coding undone that needs no key, one inside
// the other. Tests look for what must not leave in what it returns; nothing else imports it.
//
// It promises to say so where it gave up, so that "nothing was found" is said of all that there was.
package curious

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"unsafe"
)

// Depth is how many codings are undone, one inside the other.
const Depth = 4

// ErrTooMuch means that what was sent has more readings than are looked through.
var ErrTooMuch = errors.New("more readings than are looked through")

// The bound on all readings of a text together, in bytes: so many times its size, and room for what is compressed in
// it. Depth bounds the number of passes, this bounds what each goes over, so that the work grows with the text alone.
const (
	mostTimes = 200
	mostRoom  = 16 << 20
)

// coding is a way to write bytes that needs no key.
type coding struct {
	name string
	// none where nothing in the text is written so; what it takes, and does not return, is off room
	undo func(text []byte, room *int) [][]byte
}

var codings = []coding{
	{"percent escapes", unpercent},
	{"JSON escapes", unjson},
	{"HTML entities", unhtml},
	{"hex", unhex},
	{"base64", unbase64},
	{"deflate", inflate},
}

// Readings are all readings of what was sent.
type Readings struct {
	folded []byte // all of them, as they are compared, one after another
	ends   []int  // of each in folded
	ways   []way  // to each
}

// way is what was undone to come to a reading.
type way struct {
	last string
	from int // the reading that it was undone in; -1: none
}

// Read returns every reading of texts that were sent apart: an address, the value of a header, a
// body. The error is ErrTooMuch or nil.
func Read(texts ...string) (*Readings, error) {
	r := new(Readings)
	seen := map[string]bool{}
	var all [][]byte
	room := mostRoom
	take := func(text []byte, w way) {
		if len(text) < shortest || seen[string(text)] {
			return
		}
		room -= len(text)
		seen[string(text)] = true
		all = append(all, text)
		r.ways = append(r.ways, w)
		r.folded = append(fold(r.folded, text), '\n')
		r.ends = append(r.ends, len(r.folded))
	}
	for _, text := range texts {
		room += mostTimes * len(text)
		take([]byte(text), way{from: -1})
	}
	at := 0
	for range Depth {
		for end := len(all); at < end; at++ {
			for _, c := range codings {
				for _, text := range c.undo(all[at], &room) {
					take(text, way{c.name, at})
				}
				if room < 0 {
					return nil, ErrTooMuch
				}
			}
		}
	}
	return r, nil
}

// shortest is the length of a text in which something can be found, in bytes.
const shortest = 4

// fold appends a text as it is compared: in lower case, and with the plus that a form has for a space as one.
func fold(dst, text []byte) []byte {
	for _, c := range text {
		switch {
		case 'A' <= c && c <= 'Z':
			c |= 0x20
		case c == '+':
			c = ' '
		}
		dst = append(dst, c)
	}
	return dst
}

// Folded is all readings, one a line, in lower case and with each plus as a space.
func (r *Readings) Folded() string { return string(r.folded) }

// Find looks for a string, in any case. where says what had to be undone, outermost first, and what stands around it.
func (r *Readings) Find(what string) (where string, found bool) {
	looked := string(fold(nil, []byte(what)))
	if len(looked) < shortest {
		return fmt.Sprintf("%q is too short to be looked for", what), true
	}
	text := unsafe.String(unsafe.SliceData(r.folded), len(r.folded))
	at := strings.Index(text, looked)
	if at < 0 {
		return "", false
	}
	n := sort.SearchInts(r.ends, at+1)
	var undone []string
	for i := n; r.ways[i].from >= 0; i = r.ways[i].from {
		undone = append([]string{r.ways[i].last}, undone...)
	}
	around := text[max(0, at-60, startOf(r.ends, n)):min(len(text), at+len(looked)+40, r.ends[n])]
	if len(undone) == 0 {
		return fmt.Sprintf("as it stands: %q", around), true
	}
	return fmt.Sprintf("in %s: %q", strings.Join(undone, " in "), around), true
}

// Holds tells whether a string is found.
func (r *Readings) Holds(what string) bool {
	_, found := r.Find(what)
	return found
}

func startOf(ends []int, n int) int {
	if n == 0 {
		return 0
	}
	return ends[n-1]
}

// Planted reads a list of strings to look for, one a line.
func Planted(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == '\n' || r == '\r' })
}
