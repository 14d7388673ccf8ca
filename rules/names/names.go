// Package names says what the names of fields mean: "kundennummer" is an id of a person, whichever vendor it
// is sent to.
//
// It is one table, names.yaml, kept beside it in plain letters (names.txt) and read by the catalog, the scrubber and
// reports alike. It promises that a name that says whose data a field holds, in one of the languages of the table, is
// read alike everywhere, however it is written.
package names

import (
	"hash/maphash"
	"strings"
	"sync/atomic"

	"github.com/tagwarden/tagwarden/rules/hit"
)

// Table is the table of names, with a memory of those that were asked last: sites use few. It is safe for concurrent
// use. What it remembers is a sum of a name, never the name.
type Table struct {
	words *dictionary
	seed  maphash.Seed
	asked [remembered]atomic.Uint64 // the sum of a name, its last byte what it says
}

// remembered is how many names a table remembers.
const remembered = 4096

// New returns a table.
func New() *Table { return &Table{words: words(), seed: maphash.MakeSeed()} }

// Class is what a field is by its name and that of the object it is in ("" where there is none): [hit.Unknown] where
// they say nothing. Holds is true of what has fields of its own.
func (t *Table) Class(parent, name []byte, holds bool) hit.Class {
	c, _ := t.Read(parent, name, holds)
	return c
}

// Read is [Table.Class], and whether what is named is one that many may share: an account, a company, a group.
func (t *Table) Read(parent, name []byte, holds bool) (c hit.Class, many bool) {
	sum := maphash.Bytes(t.seed, parent)
	sum = maphash.Bytes(t.seed, name) ^ (sum*2 + 1)
	if holds {
		sum = ^sum
	}
	at := &t.asked[sum%remembered]
	const class, shared, said = 0x7f, 0x80, 0xff
	sum &^= said
	if known := at.Load(); known&^said == sum && known != 0 {
		return hit.Class(known & class), known&shared != 0
	}
	if c, many = t.words.read(parent, name, holds); many {
		at.Store(sum | uint64(c) | shared)
	} else {
		at.Store(sum | uint64(c))
	}
	return c, many
}

// read reads a name.
func (d *dictionary) read(parent, name []byte, holds bool) (c hit.Class, many bool) {
	var s spelling
	var p parts
	r := reader{above: d.above(parent)}
	s.spell(name)
	if w := d.find(s.letters[:s.n]); w != nil {
		c = d.whole(w, &r, holds)
	}
	if c == hit.Unknown || c == hit.UserID {
		d.divide(&s, &p)
	}
	if c == hit.Unknown {
		c = r.class(&p)
	}
	return c, c == hit.UserID && r.ofMany(&p)
}

// whole is what a name says as a whole, where it is a word of the table.
func (d *dictionary) whole(w *word, r *reader, holds bool) hit.Class {
	c := w.whole
	switch {
	case holds && c == hit.UserID && w.roles&person != 0: // it is the person, and what it is of is named inside
		return hit.Unknown
	case isThing(r.above) && place(c), isThing(r.above) && r.above.is(goods) && said(c): // it is the thing's
		return hit.Unknown
	default:
		return c
	}
}

// above is the word that counts of what an object is called: the last one. Of what may hold anything
// ("event_properties") only whose it is counts.
func (d *dictionary) above(parent []byte) part {
	var s spelling
	var p parts
	if s.spell(parent); s.n == 0 {
		return part{}
	}
	d.divide(&s, &p)
	held := false
	for p.n > 0 && p.list[p.n-1].is(holder|small) {
		p.n--
		held = true
	}
	if p.n == 0 || !p.list[p.n-1].known() || held && !p.list[p.n-1].is(person) {
		return part{}
	}
	return p.list[p.n-1]
}

// Labels are what persons' names are called wherever that stands ("first name", "vorname"; not "name" alone), in lower
// case and without spaces, with accents and without.
func Labels() []string {
	_, rest, _ := strings.Cut(spelled, "\n")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.Fields(line)[1:]
}

// Says tells whether there are names for the class.
func Says(c hit.Class) bool { return c < hit.NumClasses && words().says[c] }
